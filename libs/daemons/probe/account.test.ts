import type { Uptime } from "@zcloud/events";
import { Uptime as UptimeSchema } from "@zcloud/events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { advance, begin, close, countProbe, downtime, keptOutages, lasting, merge, open, share } from "./account.ts";

const subject = { host: "north/zfront", tenant: "demo", project: "hello", service: "web", door: "south" };
const start = Date.parse("2026-11-22T23:59:00Z");
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const fresh = (at = start): Uptime => begin(subject, at);

describe("a day's border", () => {
  test("time down on both sides of midnight is counted to each day", () => {
    const down = advance(open(fresh(), start, "status: answered 503"), start + 3 * minute, "down");
    expect(down.days.map(({ day: name, down: seconds }) => [name, seconds])).toEqual([
      ["2026-11-22", 60],
      ["2026-11-23", 120],
    ]);
  });

  test("a perfect day leaves no record behind, one with a failed probe does", () => {
    const perfect = countProbe(fresh(), true);
    expect(advance(perfect, start + 2 * minute, "up").days.map((one) => one.day)).toEqual(["2026-11-23"]);
    const blip = countProbe(perfect, false);
    expect(advance(blip, start + 2 * minute, "up").days).toEqual([
      { day: "2026-11-22", ok: 1, failed: 1, down: 0, unwatched: 0 },
      { day: "2026-11-23", ok: 0, failed: 0, down: 0, unwatched: 0 },
    ]);
  });

  test("ninety days later it is forgotten, its outage too", () => {
    const down = advance(open(fresh(), start, "x"), start + minute, "down");
    const healed = close(down, start + minute);
    expect(advance(healed, start + 89 * day, "up").days).toHaveLength(2);
    const late = advance(healed, start + 92 * day, "up");
    expect(late.days).toHaveLength(1);
    expect(late.outages).toEqual([]);
  });
});

describe("a clock that steps", () => {
  test("back: it goes on from there, and nothing is negative", () => {
    const before = advance(fresh(), start + hour, "up");
    const back = advance(before, start + 10 * minute, "down");
    expect(back.until).toBe(new Date(start + 10 * minute).toISOString());
    expect(share(advance(back, start + hour, "up"), day, start + hour)).toBe(1);
  });

  test("years ahead: at most the kept days are gone through, and the way back is found", () => {
    const ahead = advance(fresh(), start + 4_000 * day, "unwatched");
    expect(ahead.days.length).toBeLessThanOrEqual(91);
    const back = advance(ahead, start + day, "up");
    expect(back.days.map((one) => one.day)).toEqual(["2026-11-23"]);
  });
});

describe("uptime", () => {
  test("share of the watched time; before the first probe there is none", () => {
    expect(share(fresh(), day, start)).toBeUndefined();
    let history = advance(fresh(), start + 9 * hour, "up");
    history = open(history, start + 9 * hour, "x");
    history = close(advance(history, start + 10 * hour, "down"), start + 10 * hour);
    expect(share(history, day, start + 10 * hour)).toBeCloseTo(0.9);
    expect(share(history, 2 * hour, start + 10 * hour)).toBeCloseTo(0.5);
    const gap = advance(history, start + 20 * hour, "unwatched");
    expect(share(gap, day, start + 20 * hour)).toBeCloseTo(0.9);
  });

  test("an outage that lasts counts until now", () => {
    const history = open(fresh(), start + hour, "x");
    expect(lasting(history)?.reason).toBe("x");
    expect(downtime(history, start, start + 2 * hour)).toBe(3_600);
    expect(open(history, start + 2 * hour, "y")).toBe(history);
  });

  test("more outages than are kept: days tell how long they were", () => {
    let history = fresh();
    for (let index = 0; index < keptOutages + 10; index += 1) {
      const at = start + index * hour;
      history = open(advance(history, at, "up"), at, "x");
      history = close(advance(history, at + minute, "down"), at + minute);
    }
    expect(history.outages).toHaveLength(keptOutages);
    const now = start + (keptOutages + 10) * hour;
    expect(downtime(history, start, now)).toBeCloseTo((keptOutages + 10) * 60, -1);
  });
});

const step = fc.record({
  ms: fc.integer({ min: -2 * day, max: 40 * day }),
  how: fc.constantFrom("up" as const, "down" as const, "unwatched" as const),
  ok: fc.boolean(),
});
const anyHistory = fc
  .tuple(fc.integer({ min: 0, max: 10 * day }), fc.array(step, { maxLength: 60 }))
  .map(([begun, steps]) => {
    let now = start + begun;
    let history = fresh(now);
    for (const { ms, how, ok } of steps) {
      now = Math.max(start, now + ms);
      history = how === "down" ? open(history, now, "x") : close(history, now);
      history = countProbe(advance(history, now, how), ok);
    }
    return { history, now };
  });

describe("whatever happens", () => {
  test("it fits its schema, and shares are shares", () => {
    fc.assert(
      fc.property(anyHistory, ({ history, now }) => {
        expect(UptimeSchema.safeParse(history).error).toBeUndefined();
        expect(JSON.stringify(history).length).toBeLessThan(32 * 1024);
        for (const window of [day, 7 * day, 90 * day]) {
          const found = share(history, window, now) ?? 1;
          expect(found).toBeGreaterThanOrEqual(0);
          expect(found).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("merging with itself, or with an older copy of itself, changes nothing; order does not matter", () => {
    fc.assert(
      fc.property(anyHistory, anyHistory, ({ history }, { history: other }) => {
        expect(merge(history, history)).toEqual(history);
        const newer = advance(history, Date.parse(history.until) + hour, "up");
        expect(merge(newer, history)).toEqual(newer);
        expect(merge(history, other)).toEqual(merge(other, history));
        expect(UptimeSchema.safeParse(merge(history, other)).error).toBeUndefined();
      }),
    );
  });
});

test("a front that lost its disk goes on from the bus's copy; the time between is unwatched, what lasted is over", () => {
  const old = advance(open(fresh(), start + hour, "status: answered 503"), start + 2 * hour, "down");
  const newer = countProbe(advance(fresh(start + 5 * hour), start + 6 * hour, "up"), true);
  const merged = merge(newer, old);
  expect(merged).toMatchObject({ since: old.since, until: newer.until });
  expect(merged.outages).toEqual([{ ...old.outages[0], to: newer.since }]);
  expect(merged.days.at(-1)).toMatchObject({ day: "2026-11-23", ok: 1, unwatched: 3 * 3_600, down: 2 * 3_600 - 60 });
});
