import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffDelay, defaultBackoff } from "./backoff.ts";

test("delays double from the initial one to the limit", () => {
  const backoff = { ...defaultBackoff, initialMs: 100, maxMs: 1_000, jitter: 0 };
  expect([1, 2, 3, 4, 5, 6].map((failures) => backoffDelay(backoff, failures))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ]);
});

test("jitter shortens a delay by its share at most, and never lengthens it", () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), unit, unit, (failures, jitter, chance) => {
      const backoff = { ...defaultBackoff, jitter, random: () => chance };
      const full = backoffDelay({ ...backoff, jitter: 0 }, failures);
      const delay = backoffDelay(backoff, failures);
      expect(delay).toBeLessThanOrEqual(full);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - jitter)));
      expect(full).toBeLessThanOrEqual(defaultBackoff.maxMs);
    }),
  );
});
