import { readFileSync } from "node:fs";
import type { Endpoint } from "@zcloud/events";
import { loadMap } from "@zcloud/map";
import { manualClock } from "@zcloud/reconcile/testing";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { freshness, siteNames, zoneAgeMetric } from "./names.ts";

const loaded = loadMap(readFileSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), "utf8"), "lab.yaml");
if (!loaded.ok) throw new Error("the lab's map does not load");
const { map } = loaded;

function endpoint(host: string, name: string): Endpoint {
  const servers = [{ id: "a", address: "10.0.0.1", port: 40_001, state: "up" as const }];
  return { v: 1, host, tenant: "demo", project: "hello", service: "web", names: [name], health: "/", servers };
}

function known(age: { ms: number | undefined }, ...endpoints: readonly Endpoint[]) {
  return { entries: () => new Map(endpoints.map((one, index) => [String(index), one])), age: () => age.ms };
}

test("names of both sites, each site's hosts speaking for it alone", () => {
  const fresh = { ms: 1_000 };
  const here = known(fresh, endpoint("north/zpod1", "hello.lab.example"));
  const there = known(
    fresh,
    endpoint("south/zpod1", "notes.lab.example"),
    endpoint("north/zpod1", "forged.demo.lab.example"),
  );
  const records = siteNames(here, there, () => 0)(map, "north", "south");
  expect([...records.keys()].filter((name) => name.endsWith(".example"))).toEqual([
    "hello.lab.example",
    "notes.lab.example",
  ]);
  expect(records.get("hello.demo.south.zcloud.internal")).toEqual(["A 10.64.2.17"]);
  expect(siteNames(here, there, () => 0)(map, "north", undefined).has("notes.lab.example")).toBe(false);
});

test("the other site's zone stays, with the moment from which on it was not confirmed, until it is again", () => {
  const age: { ms: number | undefined } = { ms: 1_000 };
  let now = Date.parse("2026-11-23T11:00:00.250Z");
  const names = siteNames(known({ ms: 0 }), known(age, endpoint("south/zpod1", "notes.lab.example")), () => now);
  const zone = () => names(map, "north", "south").get("_zone.south.zcloud.internal");
  expect(zone()).toEqual(["TXT live"]);
  age.ms = 40_000;
  expect(zone()).toEqual(["TXT stale-since=2026-11-23T10:59:20Z"]);
  now += 60_777;
  age.ms += 60_000;
  expect(zone()).toEqual(["TXT stale-since=2026-11-23T10:59:20Z"]);
  expect(names(map, "north", "south").get("notes.lab.example")).toEqual(["A 10.64.1.3"]);
  age.ms = 900;
  expect(zone()).toEqual(["TXT live"]);
  age.ms = undefined;
  expect(zone()).toEqual(["TXT stale"]);
});

test("the age of each site's names is a metric, where it is known", async () => {
  const registry = new Registry();
  const ages = new Map([
    ["north", () => 500],
    ["south", (): number | undefined => undefined],
  ]);
  zoneAgeMetric(registry, ages);
  const text = await registry.metrics();
  expect(text).toContain('zcloud_dns_zone_age_seconds{site="north"} 0.5');
  expect(text).not.toContain("south");
});

test("a site whose word becomes stale, or fresh again, is told of once, within 5 s", async () => {
  const clock = manualClock(0);
  const age: { ms: number | undefined } = { ms: undefined };
  const stop = new AbortController();
  let told = 0;
  freshness([known(age)], clock, stop.signal).onChange(() => {
    told += 1;
  });
  await clock.advance(5_000);
  expect(told).toBe(0);
  age.ms = 1_000;
  await clock.advance(5_000);
  expect(told).toBe(1);
  await clock.advance(20_000);
  expect(told).toBe(1);
  age.ms = 31_000;
  await clock.advance(5_000);
  expect(told).toBe(2);
  stop.abort();
});
