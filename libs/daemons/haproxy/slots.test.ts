import fc from "fast-check";
import { expect, test } from "vitest";
import type { SlotClassName } from "./classes.ts";
import {
  allocate,
  emptySlots,
  quarantine,
  SlotState as Schema,
  type SlotState,
  type SlotWish,
  settle,
  slotsOf,
} from "./slots.ts";

const now = 1_000_000;
const wish = (key: string, name: SlotClassName = "patient-one"): SlotWish => ({ key, class: name });

test("the first start makes slots of the usual classes, numbered without gaps", () => {
  const state = allocate(emptySlots, [], now);
  expect([...slotsOf(state).keys()]).toEqual(Array.from({ length: 160 }, (_, index) => index + 1));
});

test("an unusual class gets slots when somebody wants it, and then keeps some free", () => {
  const one = allocate(emptySlots, [wish("a", "quick-sticky-gzip")], now);
  expect(one.blocks.at(-1)).toEqual({ class: "quick-sticky-gzip", from: 161, count: 8 });
  const many = allocate(
    one,
    Array.from({ length: 8 }, (_, index) => wish(`k${index}`, "quick-sticky-gzip")),
    now,
  );
  expect(many.blocks.slice(one.blocks.length).map(({ class: name }) => name)).toEqual(["quick-sticky-gzip"]);
});

test("a route that shall be sticky, or no longer, moves at once; the loss of a server does not move it", () => {
  const sticky = allocate(emptySlots, [wish("a", "patient-sticky")], now);
  const plain = allocate(sticky, [wish("a", "patient-one")], now);
  expect(slotsOf(plain).get(plain.taken["a"]?.slot ?? 0)).toBe("patient-one");
  const gzip = allocate(plain, [wish("a", "patient-one-gzip")], now);
  expect(slotsOf(gzip).get(gzip.taken["a"]?.slot ?? 0)).toBe("patient-one-gzip");
});

test("nothing new: the very same state, so that nothing is written", () => {
  const state = allocate(emptySlots, [wish("a"), wish("b")], now);
  expect(allocate(state, [wish("b"), wish("a")], now + 1e9)).toBe(state);
});

test("a slot given back rests before somebody else gets it, also over a restart", () => {
  const held = allocate(emptySlots, [wish("a")], now);
  const slot = held.taken["a"]?.slot;
  const freed: SlotState = Schema.parse(JSON.parse(JSON.stringify(allocate(held, [], now))));
  expect(allocate(freed, [wish("b")], now + quarantine - 1).taken["b"]?.slot).not.toBe(slot);
  expect(allocate(freed, [wish("b")], now + quarantine).taken["b"]?.slot).toBe(slot);
});

test("a second server moves a route at once, the loss of one only when it lasts", () => {
  const one = allocate(emptySlots, [wish("a")], now);
  const many = allocate(one, [wish("a", "patient-many")], now);
  expect(slotsOf(many).get(many.taken["a"]?.slot ?? 0)).toBe("patient-many");
  const waiting = allocate(many, [wish("a")], now);
  expect(waiting.taken["a"]?.slot).toBe(many.taken["a"]?.slot);
  expect(allocate(waiting, [wish("a")], now + settle - 1)).toBe(waiting);
  const back = allocate(waiting, [wish("a")], now + settle);
  expect(slotsOf(back).get(back.taken["a"]?.slot ?? 0)).toBe("patient-one");
  expect(allocate(waiting, [wish("a", "patient-many")], now + settle).taken["a"]).toEqual(many.taken["a"]);
});

const classes = ["patient-one", "patient-many", "quick-one", "quick-many"] as const;
const wishes = fc.uniqueArray(
  fc.record({ key: fc.integer({ min: 0, max: 150 }).map((n) => `k${n}`), class: fc.constantFrom(...classes) }),
  { selector: ({ key }) => key, maxLength: 120 },
);

test("property: slots are never shared, never change class, never move without cause, and some stay free", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ wishes, wait: fc.integer({ min: 0, max: 2 * settle }) }), { maxLength: 8 }),
      (rounds) => {
        let state = emptySlots;
        let at = now;
        for (const round of rounds) {
          at += round.wait;
          const next = allocate(state, round.wishes, at);
          const held = Object.values(next.taken).map(({ slot }) => slot);
          expect(new Set(held).size).toBe(held.length);
          expect(Object.keys(next.taken).sort()).toEqual(round.wishes.map(({ key }) => key).sort());
          const before = slotsOf(state);
          const after = slotsOf(next);
          for (const [slot, name] of before) expect(after.get(slot)).toBe(name);
          for (const { key, class: name } of round.wishes) {
            const old = state.taken[key]?.slot;
            const slot = next.taken[key]?.slot ?? 0;
            if (old !== undefined && before.get(old) === name) expect(slot).toBe(old);
            if (old !== slot) expect(after.get(slot)).toBe(name);
            if (old !== slot) expect(at - (state.freed[String(slot)] ?? 0)).toBeGreaterThanOrEqual(quarantine);
          }
          for (const name of classes) {
            const free = [...after].filter(
              ([slot, one]) => one === name && !held.includes(slot) && next.freed[String(slot)] === undefined,
            );
            expect(free.length).toBeGreaterThan(0);
          }
          state = next;
        }
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
