import { expect, test } from "vitest";
import { watchJumps } from "./jumps.ts";

test("a clock that is set, forward or back, is noticed once; time that passes, and a clock that is slewed, are not", () => {
  let [wall, steady] = [1_000_000, 5];
  const jumps = watchJumps(
    () => wall,
    () => steady,
  );
  const pass = (real: number, shown: number) => {
    steady += real;
    wall += shown;
    return jumps.look();
  };
  expect(pass(5_000, 5_000)).toBeUndefined();
  expect(pass(5_000, 7_205_000)).toBe(7_200);
  expect(pass(5_000, 5_000)).toBeUndefined();
  expect(pass(5_000, -7_195_000)).toBe(-7_200);
  // 500 ppm, for an hour.
  for (let i = 0; i < 720; i += 1) expect(pass(5_000, 5_002.5)).toBeUndefined();
});
