import * as fc from "fast-check";
import { expect, test } from "vitest";
import { difference, ownFilter } from "./declaration.ts";

const entries: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom("a", "b", "c", "d"),
  fc.constantFrom("1", "2", "3"),
);

test("carrying out the difference makes the bucket say what is wanted, and then there is none", () => {
  fc.assert(
    fc.property(entries, entries, (wanted, present) => {
      const want = new Map(Object.entries(wanted));
      const have = new Map(Object.entries(present));
      for (const one of difference(want, have)) {
        if (one.kind === "put") have.set(one.key, one.value);
        else have.delete(one.key);
      }
      expect(new Map([...have].sort())).toEqual(new Map([...want].sort()));
      expect(difference(want, have)).toEqual([]);
    }),
  );
});

test("what is right already is not written again", () => {
  const same = new Map([["a", "1"]]);
  expect(
    difference(
      same,
      new Map([
        ["a", "1"],
        ["b", "2"],
      ]),
    ),
  ).toEqual([{ kind: "delete", key: "b" }]);
});

test.each([
  ["endpoints", "zpod1", "zpod1.>"],
  ["endpoints", "zpod1.", "zpod1.>"],
  ["status", "zpod1", "zpod1"],
  ["stacks", "demo", "demo.>"],
] as const)("own keys of %s under %s: %s", (bucket, prefix, filter) => {
  expect(ownFilter(bucket, prefix)).toBe(filter);
});
