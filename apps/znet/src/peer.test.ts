import { expect, test } from "vitest";
import { peerState } from "./peer.ts";

test.each([
  [undefined, undefined, 90_000, { state: "none" }],
  ["south", 2_400, 5_000, { name: "south", state: "reachable", age: 2 }],
  ["south", 31_000, 90_000, { name: "south", state: "away", age: 31 }],
  ["south", undefined, 60_000, { name: "south", state: "away" }],
  ["south", undefined, 59_000, { name: "south", state: "unknown" }],
  ["south", 31_000, 59_000, { name: "south", state: "unknown", age: 31 }],
  ["south", 90_000, undefined, { name: "south", state: "unknown", age: 90 }],
] as const)("%s, %s ms old, asked for %s ms", (name, age, connected, expected) => {
  expect(peerState(name, age, connected)).toEqual(expected);
});
