import { expect, test } from "vitest";
import { VolumeFailed } from "./errors.ts";
import { type VolumeId, volumeName } from "./name.ts";
import { lookOnce, type ScheduleNews } from "./schedule.ts";
import type { Volume } from "./volume.ts";
import type { Volumes } from "./volumes.ts";

const begin = Date.parse("2026-11-23T20:05:00Z");
const id = (volume: string): VolumeId => ({ tenant: "garden", stack: "wiki", volume });
const volume = (name: string, more: Partial<Volume> = {}): Volume => ({
  ...{ id: id(name), size: 5e9, used: 2e9, createdAt: "2026-11-01T20:00:00Z", state: "ready", trashedAt: undefined },
  ...{ path: `/volumes/garden/garden.wiki.${name}/0`, snapshots: [], clients: [] },
  ...more,
});

/** What is done to these volumes; `broken` can't be touched. */
async function look(now: number, ...there: readonly Volume[]) {
  const done: string[] = [];
  const news: ScheduleNews[] = [];
  const act = (what: string) => async (of: VolumeId, name?: unknown) => {
    if (of.volume === "broken") throw new VolumeFailed("fs subvolume: error 5: no");
    done.push([what, volumeName(of), ...(typeof name === "string" ? [name] : [])].join(" "));
  };
  const volumes = {
    list: async () => there,
    ...{ snapshot: act("snapshot"), removeSnapshot: act("drop"), purge: act("purge") },
  } as unknown as Volumes;
  const clock = { now: () => now };
  await lookOnce({ volumes, told: (one) => news.push(one), signal: new AbortController().signal, clock });
  return { done, news };
}

test("each gets its snapshot, and loses what nobody needs; one that can't be touched stops no other", async () => {
  // Twice in the same hour: the older one is nobody's.
  const old = ["scheduled-20261123T1905Z", "scheduled-20261123T1904Z"].map((name) => ({
    name,
    at: "2026-11-23T19:04:00Z",
  }));
  const { done, news } = await look(
    begin,
    volume("broken"),
    volume("pages", { snapshots: old }),
    volume("new", { state: "copying" }),
  );
  expect(done).toEqual([
    "snapshot garden/wiki/pages scheduled-20261123T2005Z",
    "drop garden/wiki/pages scheduled-20261123T1904Z",
  ]);
  expect(news).toEqual([
    {
      ...{ kind: "volume-snapshot-failed", level: "warning", subject: "garden/wiki/broken" },
      reason: "fs subvolume: error 5: no",
    },
  ]);
});

test("the trash is emptied after two weeks, not before, and nothing in it gets snapshots", async () => {
  const trashed = (days: number) => new Date(begin - days * 86_400_000).toISOString();
  const { done, news } = await look(
    begin,
    volume("young", { trashedAt: trashed(13.9) }),
    volume("old", { trashedAt: trashed(14.1) }),
  );
  expect(done).toEqual(["purge garden/wiki/old"]);
  expect(news.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(["volume-purged garden/wiki/old"]);
});
