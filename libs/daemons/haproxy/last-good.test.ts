import { expect, test } from "vitest";
import { planLastGood } from "./last-good.ts";

const config = "global\n    description zcloud-1\n";
const newer = "global\n    description zcloud-2\n";

test.each([
  ["there is none yet", { config, good: undefined, age: 0 }],
  ["another one has rested", { config: newer, good: config, age: 30_000 }],
  ["the clock was set back", { config: newer, good: config, age: -1 }],
])("kept: %s", (_, observed) => {
  expect(planLastGood(observed)).toEqual([expect.objectContaining({ kind: "keep-good", content: observed.config })]);
});

test.each([
  ["it is the same", { config, good: config, age: 30_000 }],
  ["it is being changed", { config: newer, good: config, age: 29_999 }],
  ["there is no configuration", { config: undefined, good: config, age: 30_000 }],
  ["it is Debian's sample", { config: "global\n    daemon\n", good: undefined, age: 30_000 }],
])("not kept: %s", (_, observed) => {
  expect(planLastGood(observed)).toEqual([]);
});
