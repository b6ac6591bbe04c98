import { BusAwayError } from "@zcloud/bus";
import { expect, test } from "vitest";
import { whenBack } from "./answers.ts";

const sleep = async (): Promise<void> => {};

test("what the bus does not take at first is tried again until it does", async () => {
  let left = 3;
  const work = async (): Promise<string> => {
    if (left-- > 0) throw new BusAwayError("write");
    return "written";
  };
  const slept: number[] = [];
  expect(await whenBack(work, async (milliseconds) => void slept.push(milliseconds))).toBe("written");
  expect(slept).toEqual([250, 500, 1_000]);
});

test("a bus that stays away and any other failure are said", async () => {
  await expect(whenBack(() => Promise.reject(new BusAwayError("write")), sleep)).rejects.toThrow(BusAwayError);
  let tries = 0;
  const broken = async (): Promise<never> => {
    tries += 1;
    throw new Error("no space left");
  };
  await expect(whenBack(broken, sleep)).rejects.toThrow("no space left");
  expect(tries).toBe(1);
});
