import fc from "fast-check";
import { expect, it } from "vitest";
import { signedText } from "./signed.ts";

it("is what was agreed: agents of other versions check the same bytes", () => {
  expect(signedText(7, "domain: bücher\n", "{}")).toBe(
    "zcloud-map v1\ngeneration 7\nmap 16\ndomain: bücher\n\nkeys 2\n{}\n",
  );
});

it("differs for different generations, maps and keys, wherever they are cut", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "keys 1\n", "map 0\n", "1") });
  const parts = fc.tuple(fc.integer({ min: 1, max: 30 }), text, text);
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b));
      expect(signedText(...a)).not.toBe(signedText(...b));
    }),
  );
});
