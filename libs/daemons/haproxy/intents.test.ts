import type { Endpoint, Intent } from "@zcloud/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { classOf } from "./classes.ts";
import { toRoutes } from "./make-routes.ts";
import { optionsText } from "./maps.ts";
import { slotServers } from "./servers.ts";
import { frontSettings } from "./settings.ts";
import { endpoint, labMap, wish } from "./two-fronts.test-support.ts";

const map = labMap();
const self = map.sites[0]?.hosts.find(({ role }) => role === "zfront");
if (self === undefined) throw new Error("the lab's map has no front");
const settings = frontSettings(map, self, undefined);
const south = endpoint("south", "web", [9001]);
const north = (host: string, port: number): Endpoint => endpoint("north", "web", [port], { host: `north/${host}` });

function drained(site: readonly Endpoint[], peer: readonly Endpoint[], ...subjects: string[]) {
  const { routes, problems } = toRoutes(
    map,
    site,
    peer,
    subjects.map((subject) => wish("drain", subject)),
  );
  const ids = routes.flatMap(({ servers }) => servers.flatMap((one) => (one.drained === true ? [one.id] : [])));
  return { ids, problems: problems.map(({ what }) => what), routes };
}

test("a server is drained by its site, its host, or the beginning of its id; and by nothing else", () => {
  const here = [north("zpod1", 8001), north("zpod2", 8002)];
  expect(drained(here, [south], "north").ids).toEqual(["s-north-8001", "s-north-8002"]);
  expect(drained(here, [south], "north/zpod2").ids).toEqual(["s-north-8002"]);
  expect(drained(here, [south], "s-north-8001").ids).toEqual(["s-north-8001"]);
  expect(drained(here, [south], "south", "north/zpod", "s-n").ids).toEqual([]);
});

test("where nobody else takes new requests, at either site, a drain is not in force, and a problem says so", () => {
  const both = drained([north("zpod1", 8001)], [south], "north", "south");
  expect(both.ids).toEqual([]);
  expect(both.problems).toEqual(["north is drained and still serves demo/app:web: nobody else has it, at either site"]);
  const alone = drained([north("zpod1", 8001)], [{ ...south, servers: [] }], "north/zpod1");
  expect([alone.ids, alone.problems.length]).toEqual([[], 1]);
  // The other one here is enough.
  expect(drained([north("zpod1", 8001), north("zpod2", 8002)], [], "north/zpod1").problems).toEqual([]);
});

test("a drained server is the last resort only, at both listeners, whatever the class of its slot", () => {
  const { routes } = drained([north("zpod1", 8001), north("zpod2", 8002)], [south], "north/zpod1");
  const [route] = routes;
  if (route === undefined) throw new Error("no route");
  for (const name of ["patient-one", "patient-many", "patient-sticky"] as const) {
    const servers = slotServers(7, name, route, settings, 100);
    const of = servers.filter((one) => one.name.startsWith("s-north-8001"));
    expect(of.map(({ backend, name: its }) => `${backend} ${its}`)).toEqual([
      "e7 s-north-8001.last",
      "l7 s-north-8001.last",
    ]);
    expect(of.every(({ draining, options }) => !draining && !options.includes("cookie"))).toBe(true);
  }
  expect(optionsText(route)).toBeUndefined();
});

test("a route all of whose servers are drained is of the class that asks the peer before them", () => {
  const { routes } = drained([north("zpod1", 8001), north("zpod2", 8002)], [south], "north");
  expect(routes.map(classOf)).toEqual(["patient-one"]);
  expect(routes.map(optionsText)).toEqual(["0|0|0|0|0|0|demo|2"]);
});

test("maintenance of a stack or a service of it stands in the options of its slots, before a drain", () => {
  const here = [endpoint("north", "web", [1]), endpoint("north", "api", [2])];
  const modes = (...intents: Intent[]) => toRoutes(map, here, [south], intents).routes.map(optionsText);
  expect(modes(wish("maintenance", "demo/app"))).toEqual(["0|0|0|0|0|0|demo|1", "0|0|0|0|0|0|demo|1"]);
  expect(modes(wish("maintenance", "demo/app:api"), wish("drain", "north"))).toEqual([
    "0|0|0|0|0|0|demo|1",
    "0|0|0|0|0|0|demo|2",
  ]);
  expect(modes(wish("maintenance", "demo/other"))).toEqual([undefined, undefined]);
  // As HTML, and in one word for HAProxy's command line and its fields.
  const because = { ...wish("maintenance", "demo/app:web"), reason: "a|b; <i>\ud800 ü" };
  expect(modes(because)).toEqual([undefined, "0|0|0|0|0|0|demo|1|a%7Cb%3B%20%26lt%3Bi%26gt%3B%20%C3%BC"]);
});

test("property: whatever is drained, some server that is well still takes new requests, here or at the peer", () => {
  const hosts = ["north/zpod1", "north/zpod2", "south/zpod1"] as const;
  const subjects = [...hosts, "north", "south", "s-north-1", "s-south-3"];
  fc.assert(
    fc.property(fc.subarray([...hosts]), fc.subarray(subjects), (some, drains) => {
      const of = (site: string) =>
        some.flatMap((host, at) => (host.startsWith(site) ? [endpoint(site, "web", [at + 1], { host })] : []));
      const { routes } = toRoutes(
        map,
        of("north"),
        of("south"),
        drains.map((subject) => wish("drain", subject)),
      );
      for (const { servers, peer } of routes) expect(peer || servers.some((one) => one.drained !== true)).toBe(true);
    }),
  );
});
