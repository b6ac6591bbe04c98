import { describe, expect, it } from "vitest";
import { didYouMean, editDistance } from "./did-you-mean.ts";

it.each([
  ["kitten", "sitting", 3],
  ["zpod", "zpdo", 1],
  ["", "abc", 3],
  ["same", "same", 0],
  ["abc", "", 3],
])("%s to %s is %i edits", (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

describe("didYouMean", () => {
  const keys = ["public", "network", "disks", "proxy_protocol"];

  it.each([
    ["publc", "public"],
    ["netwrok", "network"],
    ["proxyProtocol", "proxy_protocol"],
    ["Proxy-Protocol", "proxy_protocol"],
    ["disk", "disks"],
  ])("%s is %s", (word, meant) => {
    expect(didYouMean(word, keys)).toBe(meant);
  });

  it("makes no wild guesses", () => {
    expect(didYouMean("memory", keys)).toBeUndefined();
    expect(didYouMean("x", ["y"])).toBeUndefined();
    expect(didYouMean("zmah", ["zpod", "znet"])).toBeUndefined();
  });
});
