import type { Endpoint } from "@zcloud/events";
import { expect, test } from "vitest";
import { labMap } from "./lab-map.test-support.ts";
import { zoneRecords } from "./zone.ts";

const map = labMap();
const server = (port: number) => ({ id: `s${port}`, address: "192.0.2.66", port, state: "up" as const });

function endpoint(about: Partial<Endpoint>): Endpoint {
  return {
    ...{ v: 1, host: "north/zpod1", tenant: "demo", project: "hello", service: "web", names: ["hello.lab.example"] },
    ...{ health: "/", servers: [server(40_001)] },
    ...about,
  };
}

const zone = (...endpoints: readonly Endpoint[]) => [
  ...zoneRecords(map, { site: "north", endpoints, age: { state: "live" } }),
];

test("a stack and its services have the addresses of the map's hosts, servers their ports", () => {
  const two = endpoint({ servers: [server(40_002), server(40_001)] });
  const mail = endpoint({ host: "north/zmah1", service: "smtp", names: [], servers: [server(2_525)] });
  expect(zone(two, mail)).toEqual([
    [
      "_http._tcp.web.hello.demo.north.zcloud.internal",
      ["SRV 0 0 40001 zpod1.north.zcloud.internal.", "SRV 0 0 40002 zpod1.north.zcloud.internal."],
    ],
    ["_tcp.smtp.hello.demo.north.zcloud.internal", ["SRV 0 0 2525 zmah1.north.zcloud.internal."]],
    ["_zone.north.zcloud.internal", ["TXT live"]],
    ["hello.demo.north.zcloud.internal", ["A 10.64.1.17", "A 10.64.1.33"]],
    ["smtp.hello.demo.north.zcloud.internal", ["A 10.64.1.33"]],
    ["web.hello.demo.north.zcloud.internal", ["A 10.64.1.17"]],
  ]);
});

test("what the map does not know, hosts of another site, and services without a server are not in it", () => {
  const strangers = [
    endpoint({ host: "south/zpod1" }),
    endpoint({ host: "north/zpod9" }),
    endpoint({ tenant: "nobody" }),
    endpoint({ servers: [] }),
  ];
  expect(zone(...strangers)).toEqual([["_zone.north.zcloud.internal", ["TXT live"]]]);
});

test("a stale zone says since when", () => {
  const stale = { state: "stale", since: "2026-11-23T11:00:00Z" } as const;
  expect([...zoneRecords(map, { site: "south", endpoints: [], age: stale })]).toEqual([
    ["_zone.south.zcloud.internal", ["TXT stale-since=2026-11-23T11:00:00Z"]],
  ]);
});
