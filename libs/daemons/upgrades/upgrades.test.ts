import { hostOf, type ZMap } from "@zcloud/map";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { desiredUpgrades } from "./index.ts";
import { planUpgrades } from "./plan.ts";
import { upgradePlaces } from "./render.ts";
import { parseRecord, upgradesProblems } from "./report.ts";
import { onCalendar, scheduleOf } from "./schedule.ts";

const week = 7 * 1_440;
const lab = labMap();
const vms = (map: ZMap, site: string) =>
  (map.sites.find(({ name }) => name === site)?.hosts ?? []).filter(({ role }) => role !== "zcloud");
const windows = fc.record({ start: fc.integer({ min: 0, max: 1_439 }), length: fc.integer({ min: 30, max: 720 }) });
const withWindow = (window: ZMap["upgrades"]["window"]): ZMap => ({ ...lab, upgrades: { window, reboot: "never" } });

/** Minutes of the week at which a site's hosts may be at it: from each turn to the end of the window. */
function minutes(map: ZMap, site: string): ReadonlySet<number> {
  const at = new Set<number>();
  for (const host of vms(map, site)) {
    const { days, window, turn } = scheduleOf(map, host);
    for (const day of days)
      for (let minute = turn; minute < window.length; minute += 1) at.add((day * 1_440 + window.start + minute) % week);
  }
  return at;
}

describe("whatever the window", () => {
  test("the sites are never at it at once, nor within half a day of each other", () => {
    fc.assert(
      fc.property(windows, (window) => {
        const map = withWindow(window);
        const [north, south] = [minutes(map, "north"), minutes(map, "south")];
        expect(Math.min(north.size, south.size)).toBeGreaterThanOrEqual(3 * Math.floor(window.length / 2));
        const near = [...north].filter((minute) =>
          [0, 1, 719, -1, -719].some((gap) => south.has((minute + gap + week) % week)),
        );
        expect(near).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test("hosts of a site take turns in its first half, the front and znet last", () => {
    fc.assert(
      fc.property(windows, (window) => {
        const map = withWindow(window);
        const turns = ["zmah1", "zpod1", "zstore", "zfront", "znet"].map(
          (name) => scheduleOf(map, hostOf(map, `south/${name}`)).turn,
        );
        expect(turns[0]).toBe(0);
        for (const [index, turn] of turns.entries()) {
          expect(turn).toBeLessThan(window.length / 2);
          if (index > 0) expect(turn).toBeGreaterThan(turns[index - 1] ?? turn);
        }
      }),
    );
  });

  test("the timer says the same time as the schedule", () => {
    fc.assert(
      fc.property(windows, fc.constantFrom(...vms(lab, "north"), ...vms(lab, "south")), (window, host) => {
        const schedule = scheduleOf(withWindow(window), host);
        const [, names = "", hour, minute] = /^(\S+) \*-\*-\* (\d\d):(\d\d):00 UTC$/.exec(onCalendar(schedule)) ?? [];
        const said = names.split(",").map((name) => ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(name));
        const at = said.map((day) => day * 1_440 + Number(hour) * 60 + Number(minute));
        expect(at).toEqual(schedule.days.map((day) => (day * 1_440 + window.start + schedule.turn) % week));
      }),
    );
  });
});

test("one site alone takes them every day, and asks nobody", () => {
  const one: ZMap = { ...lab, sites: lab.sites.slice(0, 1).map((site) => ({ ...site, peer: undefined })) };
  const host = hostOf(one, "north/zpod1");
  expect(scheduleOf(one, host).days).toHaveLength(7);
  expect(desiredUpgrades(one, host).files.get(`${upgradePlaces.scripts}/guard`)?.content).not.toContain("curl");
});

test("the map says whether a host boots by itself", () => {
  const host = hostOf(lab, "north/zpod1");
  const apt = (map: ZMap) => desiredUpgrades(map, host).files.get(upgradePlaces.apt)?.content;
  expect(apt(lab)).toContain('Automatic-Reboot "false"');
  expect(apt({ ...lab, upgrades: { ...lab.upgrades, reboot: "in-window" } })).toContain('Automatic-Reboot "true"');
});

test("the plan: files, then the timer anew if its text or the service's is another", () => {
  const wanted = desiredUpgrades(lab, hostOf(lab, "north/zpod1"));
  const kinds = (files: typeof wanted.files, scheduled: boolean) =>
    planUpgrades(wanted, { files, scheduled }).map(({ kind }) => kind);
  expect(kinds(new Map(), false)).toEqual([...Array(5).fill("write-file"), "schedule"]);
  expect(kinds(wanted.files, true)).toEqual([]);
  expect(kinds(wanted.files, false)).toEqual(["schedule"]);
  const without = (path: string) => new Map([...wanted.files].filter(([known]) => known !== path));
  expect(kinds(without(upgradePlaces.timer), true)).toEqual(["write-file", "schedule"]);
  expect(kinds(without(upgradePlaces.apt), true)).toEqual(["write-file"]);
});

describe("problems", () => {
  const day = 86_400_000;
  const good = { result: "success", at: day, success: day, since: 0, rebootRequired: undefined };

  test("what the unit leaves is read, and nothing else", () => {
    expect(parseRecord("success 1795407990\n", "1795407990\n")).toEqual({
      result: "success",
      at: 1_795_407_990_000,
      success: 1_795_407_990_000,
    });
    expect(parseRecord(undefined, undefined)).toEqual({ result: undefined, at: undefined, success: undefined });
    expect(parseRecord("success\n", "yesterday\n").success).toBeUndefined();
  });

  test("a failure at once; none for eight days, counted from when they were scheduled; a boot that is due", () => {
    const what = (report: Parameters<typeof upgradesProblems>[0], now: number) =>
      upgradesProblems(report, now).map((problem) => problem.what);
    expect(what(undefined, 0)).toEqual([]);
    expect(what(good, 8 * day)).toEqual([]);
    expect(what(good, 9 * day)).toEqual(["this host has had no security upgrades for 8 d"]);
    expect(what({ ...good, result: "exit-code" }, 2 * day)).toEqual([
      expect.stringContaining("failed here (exit-code)"),
    ]);
    const never = { ...good, result: undefined, success: undefined };
    expect([what(never, 7 * day), what(never, 8 * day)].map(({ length }) => length)).toEqual([0, 1]);
    expect(what({ ...good, rebootRequired: day }, day)).toEqual([expect.stringContaining("boots anew")]);
  });
});
