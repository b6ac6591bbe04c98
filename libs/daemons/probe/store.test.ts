import type { Uptime } from "@zcloud/events";
import { MemoryHost } from "@zcloud/host";
import { type ManualClock, manualClock } from "@zcloud/reconcile/testing";
import { beforeEach, expect, test } from "vitest";
import { advance, begin } from "./account.ts";
import { createMonitor, type Monitor } from "./monitor.ts";
import { createStore, type Store } from "./store.ts";

const start = Date.parse("2026-11-23T02:00:00Z");
const old = advance(
  begin({ host: "north/zfront", tenant: "demo", project: "app", service: "web", door: "south" }, start - 7_200_000),
  start - 3_600_000,
  "up",
);
const key = "zfront.demo.app.web.south";
const path = "/var/lib/zcloud/zfront/uptime.json";

let clock: ManualClock;
let host: MemoryHost;
let monitor: Monitor;
let store: Store;
let bus: { fresh: boolean; entries: Map<string, Uptime>; declared: ReadonlyMap<string, Uptime>[]; heard: () => void };
let failures: string[];

beforeEach(() => {
  clock = manualClock(start);
  host = new MemoryHost();
  failures = [];
  bus = { fresh: false, entries: new Map(), declared: [], heard: () => {} };
  monitor = createMonitor({ host: "north/zfront", clock, ask: () => new Promise(() => {}), changed: () => {} });
  store = createStore({
    ...{ host, path, clock, monitor },
    bucket: {
      entries: () => bus.entries,
      fresh: () => bus.fresh,
      onChange: (listener) => {
        bus.heard = listener;
        return () => {};
      },
      declare: (entries) => void bus.declared.push(entries),
    },
    failed: (reason) => void failures.push(reason),
  });
});

test("what is on disk is known again, with the bus gone", async () => {
  await host.write(path, JSON.stringify({ v: 1, histories: [old, { v: 2 }] }));
  await store.load();
  expect([...monitor.histories()]).toEqual([[key, old]]);
  expect(failures).toEqual([]);
});

test("a file that can't be read is told, and replaced", async () => {
  await host.write(path, "{");
  await store.load();
  expect(failures).toHaveLength(1);
  monitor.remember([old]);
  store.changed();
  await clock.advance(1_000);
  expect(JSON.parse((await host.read(path)) ?? "")).toEqual({ v: 1, histories: [old] });
});

test("the bucket is not written before it is known what stood there, which is not lost", async () => {
  await store.load();
  store.changed();
  await clock.advance(600_000);
  expect(bus.declared).toEqual([]);
  bus.entries.set(key, old);
  bus.fresh = true;
  bus.heard();
  await clock.advance(1_000);
  expect(bus.declared.map((entries) => [...entries.keys()])).toEqual([[key]]);
});

test("a change is written within a second, else every five minutes; at the end too", async () => {
  bus.fresh = true;
  await store.load();
  await clock.advance(1_000);
  const written = () => host.deeds.filter((deed) => deed.startsWith(`write ${path}`)).length;
  const before = written();
  for (let index = 0; index < 10; index += 1) store.changed();
  await clock.advance(1_000);
  expect(written() - before).toBe(1);
  await clock.advance(900_000);
  expect(written() - before).toBe(4);
  await store.stop();
  expect(written() - before).toBe(5);
});
