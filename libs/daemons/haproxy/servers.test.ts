import fc from "fast-check";
import { expect, test } from "vitest";
import { breakerInterval, checkInterval, checkSpread } from "./servers.ts";

test("few slots are checked every half second, thousands less often, and each within a minute at most", () => {
  expect(checkInterval("e", 160)).toBe(500);
  expect(checkInterval("e", 320)).toBe(500);
  expect(checkInterval("e", 1_000)).toBe(5_000);
  expect(checkInterval("e", 20_000)).toBe(30_000);
  expect(checkInterval("l", 160)).toBe(2_000);
});

test("property: a larger pool is never checked more often, and its checks together stay few", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.constantFrom("e" as const, "l" as const), (pool, side) => {
      expect(checkInterval(side, pool + 1)).toBeGreaterThanOrEqual(checkInterval(side, pool));
      // One server in every slot, which no pool comes near to.
      expect((pool * 1000) / checkInterval(side, pool)).toBeLessThanOrEqual(Math.max(640, pool / 30));
    }),
  );
});

test("property: at a start, and when a HAProxy that starves fails all its breakers, the checks together stay few", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50_000 }), (pool) => {
      // A slot has a breaker in each of its two backends, and three checks in all.
      expect((2 * pool * 1000) / breakerInterval(pool, false)).toBeLessThanOrEqual(1_340);
      expect((3 * pool * 1000) / checkSpread(pool)).toBeLessThanOrEqual(1_210);
    }),
  );
});
