import { expect, test } from "vitest";
import { numbers, numbersFault } from "./numbers.ts";

test.each([
  ["", "no end"],
  ["up 1", "no end"],
  ["up 1\nnonsense\n", "line 2"],
  ['up{a="b} 1\n', "line 1"],
  ['up{a="b"} 1 1763888400000\n', "line 1"],
  ["up 1e\n", "line 1"],
  ["up\u0000 1\n", "line 1"],
  [`up{a="${"x".repeat(numbers.mostLine)}"} 1\n`, "line 1"],
  ["\n".repeat(numbers.mostText + 1), "too many"],
])("%j is refused", (text, why) => {
  expect(numbersFault(text)).toContain(why);
});

test("a hostile line does not keep us: exponential would be years", () => {
  const hostile = `up{${'a="\\\\",'.repeat(580)}`;
  expect(hostile.length).toBeLessThan(numbers.mostLine);
  expect(numbersFault(`${hostile}\n`)).toContain("line 1");
});
