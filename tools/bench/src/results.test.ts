import { expect, test } from "vitest";
import { limited, renewed } from "./results.ts";

test("a part that is measured again renews its own rows, where they stood", () => {
  const before = [limited("a", 1, 2), limited("b", 5, 2), limited("c", 1, 2)];
  const after = renewed(before, [limited("b", 2, 2), limited("d", 1, 2)]);
  expect(after.map(({ measure, ours }) => [measure, ours])).toEqual([
    ["a", 1],
    ["b", 2],
    ["c", 1],
    ["d", 1],
  ]);
});
