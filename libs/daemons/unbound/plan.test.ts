import type { Endpoint } from "@zcloud/events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allSpecial } from "./addresses.ts";
import { labMap } from "./lab-map.test-support.ts";
import { planRecords, planUnbound, type UnboundObserved } from "./plan.ts";
import { parseRecords, publicRecords, type Records, renderNames } from "./records.ts";
import { identityOf, productionPlaces, reloadable, renderDropIn, renderUnbound } from "./render.ts";

const map = labMap();
const places = productionPlaces(map, "north");
const file = (content: string) => ({ content, mode: 0o644 });

function endpoint(tenant: string, ...names: readonly string[]): Endpoint {
  const about = { project: "hello", service: "web", health: "/", servers: [] };
  return { v: 1, host: "south/zpod1", tenant, names: [...names], ...about };
}

function settled(records: Records): UnboundObserved {
  const config = renderUnbound(map, "north");
  return {
    files: new Map([
      [places.unit, file(renderDropIn())],
      [places.names, file(renderNames(records))],
      [places.config, file(config)],
    ]),
    running: identityOf(config),
    enabled: true,
    records,
  };
}

const plan = (records: Records, observed: UnboundObserved) =>
  planUnbound({ map, site: "north", records }, observed, places).map(({ kind }) => kind);

describe("records", () => {
  test("the site's own front answers for every name of either site's endpoints, once", () => {
    const endpoints = [
      endpoint("demo", "notes.lab.example", "HELLO.lab.example"),
      endpoint("demo", "hello.lab.example"),
    ];
    expect([...publicRecords(map, "south", endpoints)]).toEqual([
      ["hello.lab.example", ["A 10.64.2.3"]],
      ["notes.lab.example", ["A 10.64.2.3"]],
    ]);
  });

  test("nobody takes a name that the map gives to no one, to another, or to the installation itself", () => {
    const names = [
      ...["www.example.com", "znet.north.zcloud.internal", "a.b.demo.lab.example", "*.demo.lab.example\n"],
      ...['x" 1\nserver: "y.demo.lab.example', "\u001b[2j.demo.lab.example", `${"a".repeat(64)}.demo.lab.example`],
    ];
    expect(publicRecords(map, "north", [endpoint("demo", ...names), endpoint("other", "hello.lab.example")]).size).toBe(
      0,
    );
  });

  test("hosts and what Unbound has by itself are no records of ours", () => {
    const listed = [
      "zpod1.north.\t300\tIN\tA\t10.64.1.17",
      "localhost.\t10800\tIN\tA\t127.0.0.1",
      "",
      "a.example.\t30\tIN\tA\t10.64.1.3",
    ];
    expect([...parseRecords(listed.join("\n"), map)]).toEqual([["a.example", ["A 10.64.1.3"]]]);
  });

  const data = fc.constantFrom("A 10.64.1.3", "A 10.64.2.3", "SRV 0 0 40001 zpod1.north.", "TXT live");
  const some: fc.Arbitrary<Record<string, string[]>> = fc.dictionary(
    fc.constantFrom("a.x", "b.x", "c.x", "d.x"),
    fc.uniqueArray(data, { minLength: 1 }).map((all) => all.sort()),
  );
  test("carrying out the plan leaves nothing to do", () => {
    fc.assert(
      fc.property(some, some, (wanted, present) => {
        const have = new Map(Object.entries(present));
        const want = new Map(Object.entries(wanted));
        for (const action of planRecords(want, have)) {
          const said = action.kind === "remove-record" ? [] : action.records;
          const before = action.kind === "remove-record" || action.replace ? [] : (have.get(action.subject) ?? []);
          const now = new Set([...before, ...said.map((line) => line.split(" IN ")[1] ?? "")]);
          have.set(action.subject, [...now].sort());
          if (now.size === 0) have.delete(action.subject);
        }
        expect(planRecords(want, have)).toEqual([]);
      }),
    );
  });
});

describe("plan", () => {
  const none: Records = new Map();
  const one: Records = new Map([["hello.lab.example", ["A 10.64.1.3"]]]);

  test("a settled server has nothing to do; from nothing everything is made in order", () => {
    expect(plan(one, settled(one))).toEqual([]);
    const nothing = { files: new Map(), running: undefined, enabled: false, records: none };
    expect(plan(one, nothing)).toEqual(["write-unit", "write-names", "configure"]);
  });

  test("the disk is told before the server", () => {
    expect(plan(one, settled(none))).toEqual(["write-names", "set-record"]);
    expect(plan(none, settled(one))).toEqual(["write-names", "remove-record"]);
  });

  test("a server that is away is started; it reads the names from disk", () => {
    expect(plan(one, { ...settled(one), running: undefined, records: none })).toEqual(["start"]);
    expect(plan(one, { ...settled(one), enabled: false })).toEqual(["start"]);
  });

  test("a server with another configuration gets ours: by a reload where that is enough", () => {
    const other = identityOf(renderUnbound({ ...map, internalDomain: "x.internal" }, "north", places));
    expect(plan(one, { ...settled(one), running: other })).toEqual(["reload"]);
    expect(plan(one, { ...settled(one), running: "" })).toEqual(["restart"]);
  });
});

test("listening elsewhere needs a restart, other changes do not", () => {
  const identity = (where: typeof places, from = map) => identityOf(renderUnbound(from, "north", where)) ?? "";
  expect(reloadable(identity(places), identity(places, { ...map, dns: { ...map.dns, upstreams: ["9.9.9.9"] } }))).toBe(
    true,
  );
  expect(reloadable(identity(places), identity({ ...places, interfaces: ["10.64.1.99"] }))).toBe(false);
});

test("never listens on every address, and answers the sites' networks and loopback only", () => {
  const config = renderUnbound(map, "north");
  expect(config).not.toMatch(/interface: (0\.0\.0\.0|::)/);
  const allowed = [...config.matchAll(/access-control: (\S+) allow/g)].map(([, network]) => network);
  expect(allowed).toEqual(["127.0.0.0/8", "10.64.1.0/24", "10.64.2.0/24"]);
});

test("answers are validated unless nobody in the world could have signed them", () => {
  expect(allSpecial(["192.0.2.53", "10.1.2.3", "172.31.0.1", "100.127.0.1"])).toBe(true);
  expect(allSpecial(["192.0.2.53", "9.9.9.9"])).toBe(false);
  expect(allSpecial(["172.32.0.1"])).toBe(false);
  expect(renderUnbound(map, "north")).toContain('module-config: "iterator"');
  const world = { ...map, dns: { ...map.dns, upstreams: ["1.1.1.1", "10.0.0.1"] } };
  expect(renderUnbound(world, "north")).toContain('module-config: "validator iterator"');
});
