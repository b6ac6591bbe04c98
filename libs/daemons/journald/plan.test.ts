import { expect, test } from "vitest";
import { placeIn } from "./daemon.ts";
import { type Backlog, behind, mustShed, planJournald } from "./plan.ts";
import { journalSize, settingsPath } from "./render.ts";

const GiB = 2 ** 30;
/** A line every ten seconds. */
const place = (at: number) => ({ at, line: at / 10_000 });
const full = { oldest: place(1_000_000), newest: place(101_000_000), bytes: 95 };
const backlog = (sent: number | undefined, bytes = full.bytes): Backlog => {
  return { ...full, sent: sent === undefined ? undefined : place(sent), bytes };
};

test.each<[string, Backlog, boolean, boolean]>([
  ["all is sent", backlog(101_000_000), false, false],
  ["less than half of it waits", backlog(60_000_000), false, false],
  ["more than half of a full journal waits", backlog(40_000_000), false, true],
  ["nothing was ever sent", backlog(undefined), false, true],
  ["there is room yet", backlog(40_000_000, 50), false, false],
  ["it goes on until nothing waits", backlog(90_000_000), true, true],
  ["and then ends", backlog(100_990_000), true, false],
  ["an empty journal", { oldest: undefined, newest: undefined, sent: undefined, bytes: 0 }, false, false],
])("debug lines make room: %s", (_, state, shedding, expected) => {
  expect(mustShed(state, 100, shedding)).toBe(expected);
});

test("the plan is one file, and empty when it is there; shedding is seen in it, and ends by itself", () => {
  const calm = { oldest: place(1), newest: place(2), sent: place(2), bytes: 10 };
  const first = planJournald({ disk: 10 * GiB }, { files: new Map(), backlog: calm });
  expect(first.map(({ subject }) => subject)).toEqual(["60-zcloud-logs.conf"]);
  const content = first[0]?.kind === "write-file" ? first[0].spec.content : "";
  expect(content).toContain("SystemMaxUse=512M");
  expect(content).toContain("RuntimeMaxUse=16M");
  const files = new Map([[settingsPath, { content, mode: 0o644 }]]);
  expect(planJournald({ disk: 10 * GiB }, { files, backlog: calm })).toEqual([]);
  const late = { ...full, sent: place(2_000_000), bytes: 0.9 * journalSize(10 * GiB) };
  const [shed] = planJournald({ disk: 10 * GiB }, { files, backlog: late });
  const shedding = shed?.kind === "write-file" ? shed.spec.content : "";
  expect(shedding).toContain("\nMaxLevelStore=info\n");
  const now = new Map([[settingsPath, { content: shedding, mode: 0o644 }]]);
  expect(planJournald({ disk: 10 * GiB }, { files: now, backlog: late })).toEqual([]);
  expect(planJournald({ disk: 10 * GiB }, { files: now, backlog: calm })).toHaveLength(1);
});

test("how far it is behind: nothing, while the sender may only not have written its place down; a cursor's place", () => {
  expect(behind(backlog(100_000_000))).toBe(1_000_000);
  expect(behind(backlog(101_000_000 - 640_000))).toBe(0);
  expect(behind(backlog(200_000_000))).toBe(0);
  const cursor = "s=af06;i=1b40;b=ab18;m=ac2c59c3e;t=660e9ff813278;x=cf37";
  expect(placeIn(`last line\n-- cursor: ${cursor}\n`)).toEqual({ line: 6976, at: 1_795_407_990_567 });
  expect(placeIn("")).toBeUndefined();
});

test("a journal has bounds on every disk", () => {
  expect([1, 10, 80].map((disk) => journalSize(disk * GiB) / 2 ** 20)).toEqual([64, 512, 1024]);
});
