import { expect, test } from "vitest";
import { announcements } from "./announce.ts";
import type { Change } from "./monitor.ts";
import type { FailureKind } from "./verdict.ts";

const doors = {
  north: { site: "north", address: "10.64.1.3", port: 443 },
  south: { site: "south", address: "203.0.113.10", port: 443 },
};
const change = (
  to: Change["to"],
  service: string,
  door: keyof typeof doors,
  kind: FailureKind,
  reason: string,
): Change => ({
  target: {
    endpoint: `demo/app/${service}`,
    door: doors[door],
    name: `${service}.example`,
    path: "/healthz",
    expect: "health",
  },
  to,
  failure: { kind, reason },
  at: 30_000,
  before: 9_000,
});
const context = {
  label: (key: string) => key.replace(/\/(\w+)$/, ":$1"),
  because: (_key: string, kind?: string) => (kind === "tls" ? "" : "north/zpod1 has no healthy server"),
};
const told = (changes: readonly Change[], shut = new Set<string>()) =>
  announcements(changes, shut, context).map(({ kind, level, subject, reason }) => [kind, level, subject, reason]);

test("one event says endpoint, doors, reason and host", () => {
  const both = [
    change("down", "a", "south", "status", "answered 503"),
    change("down", "a", "north", "status", "answered 503"),
  ];
  expect(told(both)).toEqual([
    [
      ...["endpoint-unreachable", "error", "demo/app:a"],
      "https://a.example/healthz through the front doors of north and south: answered 503; north/zpod1 has no healthy server",
    ],
  ]);
});

test("different reasons, different events; a wrong certificate is nobody's server", () => {
  const reason = "its certificate has expired";
  const two = [change("down", "a", "north", "status", "answered 500"), change("down", "a", "south", "tls", reason)];
  expect(told(two).map(([, , , text]) => text)).toEqual([
    "https://a.example/healthz through the front door of north: answered 500; north/zpod1 has no healthy server",
    "https://a.example/healthz through the front door of south: its certificate has expired",
  ]);
});

test("back again, after how long", () => {
  expect(told([change("up", "a", "north", "status", "answered 503")])).toEqual([
    [
      ...["endpoint-reachable", "info", "demo/app:a"],
      "https://a.example/healthz answers again through the front door of north, after 21 s",
    ],
  ]);
});

test("a door that nothing comes through is one event, however many endpoints suffer and whenever", () => {
  const shut = new Set<string>();
  const fall = (service: string) => change("down", service, "south", "connect", "connection refused");
  expect(told([fall("a"), fall("b"), fall("c")], shut)).toEqual([
    [
      ...["door-unreachable", "error", "front door of south"],
      "connection refused at 203.0.113.10:443; it is the way to a.example and 2 more",
    ],
  ]);
  expect(told([fall("d")], shut)).toEqual([]);
  const rise = (service: string) => change("up", service, "south", "connect", "connection refused");
  expect(told([rise("a")], shut)).toEqual([["door-reachable", "info", "front door of south", "again, after 21 s"]]);
  expect(told([rise("b")], shut)).toEqual([]);
});

/** The same of a port. */
const atPort = (
  port: number,
  to: Change["to"],
  door: keyof typeof doors,
  kind: FailureKind,
  reason: string,
): Change => {
  const one = change(to, "mail", door, kind, reason);
  const target = {
    ...one.target,
    endpoint: "demo/app/mail/smtp",
    name: `port ${port}`,
    path: "",
    expect: "open" as const,
  };
  return { ...one, target: { ...target, door: { ...target.door, port }, port } };
};

test("a port that no connection comes to is told by itself; what is served badly there is its endpoint's", () => {
  const shut = new Set<string>();
  expect(told([atPort(25, "down", "south", "connect", "no TCP connection within 5 s")], shut)).toEqual([
    [
      ...["door-unreachable", "error", "port 25 of the front door of south"],
      "no TCP connection within 5 s at 203.0.113.10:25; it is the way to port 25",
    ],
  ]);
  expect(told([atPort(25, "up", "south", "connect", "")], shut)[0]?.[0]).toBe("door-reachable");
  expect(shut).toEqual(new Set());
  expect(told([atPort(25, "down", "south", "status", "the connection was ended at once")])[0]?.slice(0, 1)).toEqual([
    "endpoint-unreachable",
  ]);
});

test("with the whole door out of reach its ports are no news, neither when it comes back", () => {
  const shut = new Set<string>();
  const down = [
    atPort(25, "down", "south", "connect", "refused"),
    change("down", "a", "south", "connect", "refused"),
    atPort(993, "down", "south", "connect", "refused"),
  ];
  expect(told(down, shut).map(([kind, , subject]) => [kind, subject])).toEqual([
    ["door-unreachable", "front door of south"],
  ]);
  const up = [change("up", "a", "south", "connect", ""), atPort(25, "up", "south", "connect", "")];
  expect(told(up, shut).map(([kind, , subject]) => [kind, subject])).toEqual([
    ["door-reachable", "front door of south"],
  ]);
});
