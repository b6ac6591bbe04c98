import fc from "fast-check";
import { expect, test } from "vitest";
import { sameValue } from "./equal.ts";

test("a value is the same as its deep copy", () => {
  const plain = fc.anything({ withTypedArray: false, withNullPrototype: false });
  const value = fc.oneof(
    plain,
    fc.dictionary(fc.string(), plain).map((entries) => new Map(Object.entries(entries))),
  );
  fc.assert(
    fc.property(value, (one) => {
      expect(sameValue(one, structuredClone(one))).toBe(true);
    }),
  );
});

test.each([
  [1, 2],
  [{ a: 1 }, { a: 1, b: undefined }],
  [{ a: 1 }, { b: 1 }],
  [
    [1, 2],
    [2, 1],
  ],
  [[], {}],
  [new Map([["a", 1]]), new Map([["a", 2]])],
  [new Map([["a", undefined]]), new Map([["b", undefined]])],
  [new Set([1]), new Set([2])],
  [new Uint8Array([1]), new Uint8Array([2])],
  [new Date(0), new Date(1)],
  [null, {}],
])("%j and %j are different", (a, b) => {
  expect(sameValue(a, b)).toBe(false);
  expect(sameValue(b, a)).toBe(false);
});
