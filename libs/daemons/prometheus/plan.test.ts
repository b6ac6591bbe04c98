import { expect, test } from "vitest";
import { type MonitorObserved, planMonitor } from "./plan.ts";

const file = (content: string) => ({ content, mode: 0o644 });
const unitFiles = new Map([["/u/x.conf", file("unit")]]);
const aside = new Map([["/r/b.yml", file("rules b")]]);
const desired = { on: true, unitFiles, aside, config: "uses b\n" };
const good: MonitorObserved = { config: "uses b\n", unitFiles, aside, running: true, enabled: true };

test.each<[string, Partial<MonitorObserved>, string[]]>([
  ["nothing to do", {}, []],
  [
    "nothing there",
    { config: undefined, unitFiles: new Map(), aside: new Map(), running: false, enabled: false },
    ["write-unit + x.conf", "write-aside + b.yml", "configure + it.yml"],
  ],
  [
    "other rules: the new ones before what names them, the old ones go last",
    { config: "uses a\n", aside: new Map([["/r/a.yml", file("rules a")]]) },
    ["write-aside + b.yml", "configure ~ it.yml", "remove-aside - a.yml"],
  ],
  ["another unit", { unitFiles: new Map([["/u/x.conf", file("old")]]) }, ["write-unit ~ x.conf", "restart ~ it"]],
  ["it died", { running: false }, ["start + it"]],
  ["not at boot", { enabled: false }, ["start + it"]],
])("%s", (_, observed, expected) => {
  const planned = planMonitor("it", desired, { ...good, ...observed });
  expect(planned.map(({ kind, change, subject }) => `${kind} ${change} ${subject}`)).toEqual(expected);
});

test("one that is not needed is stopped once, and its files stay", () => {
  const stopped = (observed: Partial<MonitorObserved>) =>
    planMonitor("it", { ...desired, on: false }, { ...good, ...observed }).map(({ kind }) => kind);
  expect(stopped({})).toEqual(["stop"]);
  expect(stopped({ running: false })).toEqual(["stop"]);
  expect(stopped({ running: false, enabled: false, config: undefined })).toEqual([]);
});

test("a unit that changes together with the configuration means a restart, not a reload", () => {
  const planned = planMonitor("it", desired, { ...good, config: "old\n", unitFiles: new Map() });
  expect(planned.at(-1)).toMatchObject({ kind: "configure", restart: true });
});
