import { expect, test } from "vitest";
import { peerState } from "./peer.ts";

test.each([
  [undefined, undefined, true, { state: "none" }],
  ["south", 2_400, true, { name: "south", state: "reachable", age: 2 }],
  ["south", 31_000, true, { name: "south", state: "away", age: 31 }],
  ["south", undefined, true, { name: "south", state: "away" }],
  ["south", 90_000, false, { name: "south", state: "unknown", age: 90 }],
] as const)("%s, %s ms old, connected: %s", (name, age, connected, expected) => {
  expect(peerState(name, age, connected)).toEqual(expected);
});
