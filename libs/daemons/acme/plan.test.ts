import fc from "fast-check";
import { expect, test } from "vitest";
import { type Attempts, type HeldCertificate, noteFailure, noteSuccess, planOrders, renewAt } from "./plan.ts";
import { decideRetry } from "./state.ts";

const day = 86_400_000;
const hour = 3_600_000;
const now = Date.UTC(2026, 10, 22);

const want = (...names: readonly string[]) => names.map((name) => ({ name, names: [name] }));
const held = (name: string, ageDays: number): HeldCertificate => {
  return { name, names: [name], notBefore: now - ageDays * day, notAfter: now + (90 - ageDays) * day, issuer: "CA" };
};
const idle = { attempts: {}, underWay: [], now, concurrency: 4 };

test("missing ones first, then those that end first, and only from a third of life left", () => {
  const have = [held("young.example", 59), held("old.example", 61), held("older.example", 80)];
  const wanted = want("old.example", "young.example", "older.example", "new.example");
  expect(planOrders({ ...idle, wanted, have }).map(({ name, why }) => `${name} ${why}`)).toEqual([
    "new.example new",
    "older.example renewal",
    "old.example renewal",
  ]);
  expect(renewAt(held("a.example", 0))).toBe(now + 60 * day);
});

test("a certificate that lacks a name is ordered again; one that has more is good", () => {
  const have = [{ ...held("a.example", 1), names: ["a.example", "b.example"] }];
  expect(planOrders({ ...idle, have, wanted: want("a.example") })).toEqual([]);
  const wanted = [{ name: "a.example", names: ["a.example", "c.example"] }];
  expect(planOrders({ ...idle, have, wanted })).toEqual([{ ...wanted[0], why: "other names" }]);
});

test("a refusal keeps a name away from the authority for more than half an hour, longer each time, and less than two days", () => {
  let attempts: Attempts = {};
  let at = now;
  const waits: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    attempts = noteFailure(attempts, "a.example", "refused", "no", at, 0.5);
    const next = attempts["a.example"]?.nextAt ?? 0;
    waits.push(next - at);
    at = next;
  }
  expect(waits[0]).toBe(2_700_000);
  expect(waits.at(-1)).toBe(27 * hour);
  expect([...waits].sort((a, b) => a - b)).toEqual(waits);
  expect(noteSuccess(attempts, "a.example")).toEqual({});
});

test("property: whatever fails however, and however often an operator asks, at most 2 refusals a name and hour, never more at once than allowed", () => {
  const step = fc.record({
    wait: fc.integer({ min: 0, max: 30 * 60_000 }),
    kind: fc.constantFrom("refused" as const, "refused" as const, "preflight" as const, "directory" as const),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
    asked: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 3 }), (steps, concurrency) => {
      let attempts: Attempts = {};
      let at = now;
      const refusals = new Map<string, number[]>();
      for (const { wait, kind, random, asked } of steps) {
        at += wait;
        const wanted = want("a.example", "b.example", "c.example", "d.example");
        const input = { wanted, have: [], attempts, underWay: [], now: at };
        for (const [name, failure] of Object.entries(attempts)) {
          if (asked && decideRetry(name, input).kind === "now")
            attempts = { ...attempts, [name]: { ...failure, nextAt: at } };
        }
        const orders = planOrders({ ...idle, wanted, have: [], attempts, now: at, concurrency });
        expect(orders.length).toBeLessThanOrEqual(concurrency);
        for (const { name } of orders) {
          expect(attempts[name]?.nextAt ?? 0).toBeLessThanOrEqual(at);
          attempts = noteFailure(attempts, name, kind, "no", at, random);
          if (kind === "refused") refusals.set(name, [...(refusals.get(name) ?? []), at]);
        }
      }
      for (const times of refusals.values()) {
        for (const time of times)
          expect(times.filter((other) => other >= time && other < time + hour).length).toBeLessThanOrEqual(2);
      }
    }),
  );
});
