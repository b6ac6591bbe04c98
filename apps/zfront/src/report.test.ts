import type { ObservedFront, RouteView } from "@zcloud/daemons/haproxy";
import type { Watched } from "@zcloud/daemons/probe";
import type { Endpoint } from "@zcloud/events";
import { expect, test } from "vitest";
import { frontFacts, frontProblems, quiet } from "./report.ts";

const view = (service: string, more: Partial<RouteView> = {}): RouteView => ({
  names: [`${service}.example`],
  endpoint: `demo/app:${service}`,
  slot: 1,
  kind: "http",
  servers: [{ name: "s1", host: "north/zpod1", address: "10.0.0.1", port: 1, state: "UP" }],
  servedBy: "north",
  certificate: { name: `${service}.example`, until: "2027-01-01T00:00:00.000Z" },
  ...more,
});
const at = (service: string, state: "up" | "draining"): Endpoint => {
  const servers = [{ id: "x", address: "10.0.0.2", port: 2, state }];
  return { v: 1, host: "south/zpod1", tenant: "demo", project: "app", service, names: [], health: "/", servers };
};
const fine = { views: [], refused: [], peer: [], attempts: {}, watched: [], now: 0 };
const down = [{ name: "s1", host: "north/zpod1", address: "10.0.0.1", port: 1, state: "DOWN" }];

test("all is well: nothing to say", () => {
  expect(frontProblems({ ...fine, views: [view("a")] })).toEqual([]);
});

test("a server that is down here is a problem only if nobody answers at the peer either", () => {
  const views = [view("a", { servers: down })];
  expect(frontProblems({ ...fine, views, peer: [at("a", "up")] })).toEqual([]);
  const [problem] = frontProblems({ ...fine, views, peer: [at("a", "draining"), at("b", "up")] });
  expect(problem?.what).toBe("a.example: no server of demo/app:a answers at either site; visitors read 503");
});

test("worst first: nobody answers, then no certificate with its reason and next attempt, then refused names", () => {
  const bare = { name: "b.example", until: undefined };
  const attempts = {
    "b.example": {
      failures: 1,
      kind: "preflight" as const,
      reason: "b.example has no address in DNS",
      at: 0,
      nextAt: 5_000,
      refusals: [],
    },
  };
  const refused = [{ key: "x/y/z", what: "c.example of x/y:z is not served", remedy: "add it to tenants.x.names" }];
  const problems = frontProblems({
    ...fine,
    views: [view("b", { certificate: bare }), view("a", { servers: [] })],
    refused,
    attempts,
  });
  expect(problems.map(({ what }) => what)).toEqual([
    "a.example: no server of demo/app:a answers at either site; visitors read 503",
    "b.example: no certificate yet; browsers warn their visitors (b.example has no address in DNS)",
    "c.example of x/y:z is not served",
  ]);
  expect(problems[1]?.remedy).toBe("the next attempt is in 5 s by itself; zctl certificates retry b.example");
});

const watched = (service: string, door: string, kind: "status" | "connect", reason: string): Watched => ({
  target: {
    endpoint: `demo/app/${service}`,
    door: { site: door, address: "192.0.2.1", port: 443 },
    name: `${service}.example`,
    path: "/",
    expect: "health",
  },
  verdict: {
    ...{ state: "down", since: 0, doubts: 0, doubtedSince: 0, falls: [] },
    failure: { ok: false, ms: 1, kind, reason },
  },
  latest: undefined,
  history: undefined,
});

test("what is not to be reached through a door, but for what is told anyway; a door is told once", () => {
  const problems = frontProblems({
    ...fine,
    views: [view("a"), view("b", { servers: [] })],
    watched: [
      watched("a", "north", "status", "answered 500"),
      watched("a", "south", "status", "answered 500"),
      watched("b", "north", "status", "answered 503"),
      watched("c", "south", "connect", "connection refused"),
      watched("d", "south", "connect", "connection refused"),
    ],
  });
  expect(problems.map(({ what }) => what)).toEqual([
    "b.example: no server of demo/app:b answers at either site; visitors read 503",
    "the front door of south is out of reach from here: connection refused",
    "a.example (demo/app:a) does not answer as it should through the front doors of north and south: answered 500",
  ]);
});

test("facts stay small however many routes there are", () => {
  const views = Array.from({ length: 2_000 }, (_, index) => view(`n${index}`));
  const facts = frontFacts(views, undefined);
  expect(facts["routeCount"]).toBe(2_000);
  expect(JSON.stringify(facts).length).toBeLessThan(128 * 1024);
});

test("quiet is when HAProxy runs and every server is up", () => {
  const observed = (running: object | undefined) => ({ running }) as unknown as ObservedFront;
  const unchecked = [{ name: "peer.south", host: "south/zfront", address: "10.0.1.3", port: 1, state: "no check" }];
  expect(quiet([view("a"), view("b", { servers: unchecked })], observed({}))).toBe(true);
  expect(quiet([view("a"), view("b", { servers: down })], observed({}))).toBe(false);
  expect(quiet([view("a")], observed(undefined))).toBe(false);
  expect(quiet([], undefined)).toBe(false);
});
