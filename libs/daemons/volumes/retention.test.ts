import { expect, test } from "vitest";
import { planSnapshots, retention, scheduledName } from "./retention.ts";

const hour = 3_600_000;
const begin = Date.parse("2026-11-23T20:05:00Z");

test("one an hour, named after its time", () => {
  expect(planSnapshots(begin, [], retention)).toEqual({ take: "scheduled-20261123T2005Z", drop: [] });
  const there = [{ name: "scheduled-20261123T2005Z" }];
  expect(planSnapshots(begin + 54 * 60_000, there, retention).take).toBeUndefined();
  expect(planSnapshots(begin + 55 * 60_000, there, retention).take).toBe("scheduled-20261123T2100Z");
});

test("after half a year of hours there are those of the last day, each day of two weeks, each week of two months", () => {
  let names: string[] = [];
  let now = begin;
  for (let passed = 0; passed < 24 * 182; passed += 1) {
    now = begin + passed * hour;
    const { take, drop } = planSnapshots(
      now,
      names.map((name) => ({ name })),
      retention,
    );
    names = [...names.filter((name) => !drop.includes(name)), ...(take === undefined ? [] : [take])];
  }
  const ages = names.map((name) => {
    const [, date, hours] = /^scheduled-(\d{8})T(\d\d)05Z$/.exec(name) ?? [];
    const at = Date.parse(`${date?.slice(0, 4)}-${date?.slice(4, 6)}-${date?.slice(6)}T${hours}:05:00Z`);
    return (now - at) / hour;
  });
  expect(ages.filter((age) => age < 24)).toHaveLength(24);
  const days = ages.filter((age) => age >= 24 && age < 14 * 24);
  expect(days.length).toBeGreaterThanOrEqual(12);
  expect(days.length).toBeLessThanOrEqual(14);
  const older = ages.filter((age) => age >= 14 * 24);
  expect(older.length).toBeGreaterThanOrEqual(5);
  expect(Math.max(...older)).toBeLessThan(8 * 7 * 24);
  // The eighth week, the present one counted.
  expect(Math.max(...older)).toBeGreaterThanOrEqual(6 * 7 * 24);
});

test("what an operator made is never dropped, nor what is old because nobody looked for a long time", () => {
  const theirs = [{ name: "before-the-move" }, { name: "scheduled-by-hand" }, { name: "scheduled-20269999T9999Z" }];
  const old = [{ name: scheduledName(begin - 100 * 24 * hour) }];
  expect(planSnapshots(begin, [...theirs, ...old], retention)).toEqual({ take: "scheduled-20261123T2005Z", drop: [] });
});

test("a clock that is years ahead, or was, drops what one more snapshot does", () => {
  const hours = Array.from({ length: 24 }, (_, at) => ({ name: scheduledName(begin - (at + 1) * hour) }));
  const years = planSnapshots(begin + 3 * 365 * 24 * hour, hours, retention);
  expect(years).toEqual({ take: "scheduled-20291122T2005Z", drop: ["scheduled-20261122T2005Z"] });
  const ahead = [{ name: years.take ?? "" }, ...hours];
  const { take, drop } = planSnapshots(begin, ahead, retention);
  expect(take).toBe("scheduled-20261123T2005Z");
  expect(drop.length).toBeLessThanOrEqual(2);
});
