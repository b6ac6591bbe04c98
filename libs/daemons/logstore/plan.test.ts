import { expect, test } from "vitest";
import { logFile } from "./files.ts";
import { type KeepObserved, type KeptFile, overfull, planKeep } from "./plan.ts";

const now = Date.parse("2026-11-23T12:00:00Z");
const GB = 1e9;

function file(path: string, bytes = GB, minutesAgo = 720): KeptFile {
  const [host = "", name = ""] = path.split("/");
  const found = logFile("/s", host, name);
  if (found === undefined) throw new Error(path);
  return { ...found, bytes, written: now - minutesAgo * 60_000 };
}

const plan = (
  files: readonly KeptFile[],
  more: Partial<{ keep: number; atMost: number; disk: KeepObserved["disk"] }> = {},
) => {
  const { keep = 30 * 86_400, atMost = 100 * GB, disk = { size: 1_000 * GB, free: 500 * GB } } = more;
  return planKeep({ keep, atMost }, { now, files, disk }).map(({ kind, subject }) => `${kind} ${subject}`);
};

test("names of files, and what is none", () => {
  expect(logFile("/s", "zpod1", "2026-11-23.jsonl")).toMatchObject({
    kind: "journal",
    day: "2026-11-23",
    compressed: false,
  });
  expect(logFile("/s", "zfront", "access-2026-11-23.jsonl.gz")).toMatchObject({ kind: "access", compressed: true });
  for (const name of ["x.jsonl", "2026-11-23.jsonl.gz.tmp", "2026-11-23.json"])
    expect(logFile("/s", "a", name)).toBeUndefined();
});

test("today's file is left alone; yesterday's is compressed once nothing is written to it", () => {
  expect(plan([file("a/2026-11-23.jsonl"), file("a/2026-11-22.jsonl"), file("b/2026-11-22.jsonl", GB, 5)])).toEqual([
    "compress a/2026-11-22.jsonl",
  ]);
});

test("what is too old goes", () => {
  expect(plan([file("a/2026-10-24.jsonl.gz"), file("a/2026-10-23.jsonl.gz"), file("a/2026-10-22.jsonl.gz")])).toEqual([
    "remove a/2026-10-22.jsonl.gz",
    "remove a/2026-10-23.jsonl.gz",
  ]);
});

test("the oldest days go until the log is within its bounds, or the disk has room", () => {
  const files = ["20", "21", "22", "23"].map((day) => file(`a/2026-11-${day}.jsonl.gz`));
  expect(plan(files, { atMost: 2.5 * GB })).toEqual(["remove a/2026-11-20.jsonl.gz", "remove a/2026-11-21.jsonl.gz"]);
  expect(plan(files, { disk: { size: 100 * GB, free: 8.5 * GB } })).toEqual([
    "remove a/2026-11-20.jsonl.gz",
    "remove a/2026-11-21.jsonl.gz",
  ]);
  expect(plan(files, { atMost: 0 })).toHaveLength(3);
});

test("a compression that was cut short is undone and done again", () => {
  expect(plan([file("a/2026-11-22.jsonl"), file("a/2026-11-22.jsonl.gz", 10)])).toEqual([
    "remove a/2026-11-22.jsonl.gz",
    "compress a/2026-11-22.jsonl",
  ]);
});

test("too much in one day is a problem that names who said it", () => {
  const desired = { keep: 86_400, atMost: GB };
  const disk = { size: 100 * GB, free: 50 * GB };
  const files = [file("a/2026-11-23.jsonl", 3 * GB), file("b/2026-11-23.jsonl", GB)];
  expect(overfull(desired, { now, files, disk })).toMatch(/today's log alone is 4.0 GB, most of it from a/);
  expect(overfull(desired, { now, files: [file("a/2026-11-23.jsonl", 1)], disk })).toBeUndefined();
});
