import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { alike, type HealthCode } from "./health/code.ts";
import { daemonCodes, documentedOnly, moduleCodes, otherModuleCodes } from "./health/reef.test-support.ts";
import { type CephCheck, healthThemes, judgeChecks } from "./health.ts";
import { commandsIn, zctlCommands } from "./health-commands.test-support.ts";

const entries = healthThemes.flatMap(({ codes }) => Object.entries(codes));
const codes = entries.map(([code]) => code);
const check = (code: string, more: Partial<CephCheck> = {}): CephCheck => {
  return { code, severity: "HEALTH_WARN", message: "words", detail: "", muted: false, ...more };
};
const told = (...checks: readonly CephCheck[]) =>
  judgeChecks(checks).map(({ check: { code }, urgency }) => `${urgency} ${code}`);

describe("the table of Ceph's health codes", () => {
  it("has every code of 18.2.7 once, and none that it does not have", () => {
    const reef = [...daemonCodes, ...moduleCodes, ...otherModuleCodes, ...documentedOnly];
    expect(codes.toSorted()).toEqual([...new Set(reef)].sort());
    expect(new Set(codes).size).toBe(codes.length);
    expect(reef.length).toBeGreaterThan(150);
  });

  it("says of each what it means and what to do", () => {
    for (const [code, { means, remedy }] of entries) {
      for (const text of [means, remedy]) expect(text, code).toMatch(/^(?:[`a-z]|Ceph).*[^.\s]$/);
      expect(means, code).not.toContain("`");
      expect(remedy.split("`").length % 2, code).toBe(1);
    }
  });

  it("refers to codes that are in it", () => {
    const referred = entries.flatMap(([, { remedy, toldBy = [] }]) => [
      ...toldBy,
      ...(remedy.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []),
    ]);
    expect(referred.length).toBeGreaterThan(20);
    expect(referred.filter((code) => !codes.includes(code))).toEqual([]);
  });

  it("refers to headings that are there", () => {
    const handbook = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
    const headings = [...handbook.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => anchorOf(title));
    const referred = entries.flatMap(([, { remedy }]) =>
      [...remedy.matchAll(/docs\/operations\.md#([a-z-]+)/g)].map(([, anchor = ""]) => anchor),
    );
    expect(referred.length).toBeGreaterThan(3);
    expect(referred.filter((anchor) => !headings.includes(anchor))).toEqual([]);
  });

  it("names programs that are there, and where to run what is no zctl", () => {
    for (const [code, entry] of entries) {
      for (const { program, words } of commandsIn(entry)) {
        expect(programs, code).toContain(program);
        if (program === "zctl") expect(zctlCommands(), code).toContain(words[0]);
        else expect(entry.remedy, code).toMatch(/\bon\b[^`]* (?:zstore|witness|both)\b|\bthere: `/i);
      }
    }
  });
});

const programs = ["ceph", "zctl", "rados", "systemctl", "journalctl", "chronyc", "timedatectl", "df", "du"];

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

it("commands are taken from between backticks, and split", () => {
  const code: HealthCode = { urgency: "know", means: "a", remedy: "see `ceph osd tree` and `zctl status`" };
  expect(commandsIn(code)).toEqual([
    { program: "ceph", words: ["osd", "tree"] },
    { program: "zctl", words: ["status"] },
  ]);
  expect(zctlCommands().length).toBeGreaterThan(10);
  expect(alike(["A", "B"], code)).toEqual({ A: code, B: code });
});

it("worst first: by urgency, then as the table has them", () => {
  expect(told(check("RECENT_CRASH"), check("MON_DOWN"), check("OSD_DOWN"), check("OSD_FULL"))).toEqual([
    "now OSD_FULL",
    "soon OSD_DOWN",
    "soon MON_DOWN",
    "know RECENT_CRASH",
  ]);
});

it("a code that nobody knows is as urgent as Ceph holds it, and comes after those that are known", () => {
  expect(
    told(check("NEW_ONE"), check("NEW_BAD", { severity: "HEALTH_ERR" }), check("MON_DOWN"), check("OSD_FULL")),
  ).toEqual(["now OSD_FULL", "now NEW_BAD", "soon MON_DOWN", "soon NEW_ONE"]);
});

it("what was muted is not there", () => {
  expect(told(check("OSD_FULL", { muted: true }), check("MON_DOWN"))).toEqual(["soon MON_DOWN"]);
});

it("flags are urgent only if they keep users from their data", () => {
  expect(told(check("OSDMAP_FLAGS", { message: "noout flag(s) set" }))).toEqual(["soon OSDMAP_FLAGS"]);
  expect(told(check("OSDMAP_FLAGS", { message: "pauserd,pausewr,noout flag(s) set" }))).toEqual(["now OSDMAP_FLAGS"]);
});
