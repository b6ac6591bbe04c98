import { expect, test } from "vitest";
import { placeIn } from "./daemon.ts";
import { type Backlog, behind, type JournaldObserved, mustShed, planJournald } from "./plan.ts";
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
  [
    "a flood of the last minute is most of the journal",
    { ...full, newest: { at: 101_000_000, line: 200_000 }, sent: { at: 100_940_000, line: 10_000 } },
    false,
    true,
  ],
  ["an empty journal", { oldest: undefined, newest: undefined, sent: undefined, bytes: 0 }, false, false],
])("debug lines make room: %s", (_, state, shedding, expected) => {
  expect(mustShed(state, 100, shedding)).toBe(expected);
});

const archive = { path: "/var/log/journal/m/system@1.journal", from: 3_000_000, bytes: 8 };
const waiting = (files: JournaldObserved["files"], more: Partial<JournaldObserved> = {}): JournaldObserved => {
  const late = { ...full, sent: place(2_000_000), bytes: 0.9 * journalSize(10 * GiB) };
  return { files, backlog: late, strippable: [], made: false, ...more };
};

test("in a full journal of lines that wait the oldest debug lines go first, then new ones; in another none", () => {
  const kinds = (observed: JournaldObserved) => planJournald({ disk: 10 * GiB }, observed).map(({ kind }) => kind);
  const { files } = settled();
  expect(kinds(waiting(files, { strippable: [archive] }))).toEqual(["make-room"]);
  // A look right after that is no reason for more.
  expect(kinds(waiting(files, { strippable: [archive], made: true }))).toEqual([]);
  expect(kinds(waiting(files, { made: true }))).toEqual([]);
  expect(kinds(waiting(files))).toEqual(["write-file"]);
  const roomy = { ...waiting(files).backlog, bytes: 0.7 * journalSize(10 * GiB) };
  expect(kinds(waiting(files, { strippable: [archive], backlog: roomy }))).toEqual([]);
  const sent = { ...waiting(files).backlog, sent: place(90_000_000) };
  expect(kinds(waiting(files, { strippable: [archive], backlog: sent }))).toEqual([]);
});

/** Settings in force, with nothing to do. */
function settled(): { readonly files: JournaldObserved["files"]; readonly content: string } {
  const calm = { oldest: place(1), newest: place(2), sent: place(2), bytes: 10 };
  const [first] = planJournald({ disk: 10 * GiB }, { files: new Map(), backlog: calm, strippable: [], made: false });
  const content = first?.kind === "write-file" ? first.spec.content : "";
  return { files: new Map([[settingsPath, { content, mode: 0o644 }]]), content };
}

test("the plan is one file, and empty when it is there; shedding is seen in it, and ends by itself", () => {
  const calm = { oldest: place(1), newest: place(2), sent: place(2), bytes: 10 };
  const plan = (observed: Pick<JournaldObserved, "files" | "backlog">) =>
    planJournald({ disk: 10 * GiB }, { strippable: [], made: false, ...observed });
  const { files, content } = settled();
  expect(plan({ files: new Map(), backlog: calm }).map(({ subject }) => subject)).toEqual(["60-zcloud-logs.conf"]);
  expect(content).toContain("SystemMaxUse=512M");
  expect(content).toContain("RuntimeMaxUse=16M");
  expect(plan({ files, backlog: calm })).toEqual([]);
  const [shed] = planJournald({ disk: 10 * GiB }, waiting(files));
  const shedding = shed?.kind === "write-file" ? shed.spec.content : "";
  expect(shedding).toContain("\nMaxLevelStore=info\n");
  const now = new Map([[settingsPath, { content: shedding, mode: 0o644 }]]);
  expect(planJournald({ disk: 10 * GiB }, waiting(now))).toEqual([]);
  expect(plan({ files: now, backlog: calm })).toHaveLength(1);
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
