import type { HostEntry, ZMap } from "@zcloud/map";
import { expect, test } from "vitest";
import { judge } from "./converge.ts";
import { type Change, renderPlan } from "./plan-screen.ts";
import { renderRoutes, tableOfRoutes } from "./routes-screen.ts";
import { judgeStack } from "./stack-report.ts";
import { renderStatus } from "./status-screen.ts";
import { type Seen, summarise } from "./summary.ts";

const plain = (_colour: string, text: string): string => text;
const now = Date.parse("2026-11-22T14:00:00Z");
const change = (subject: string, sign: Change["change"], summary: string, more: Partial<Change> = {}): Change => ({
  ...{ reconciler: "r", kind: "k", change: sign, subject, summary },
  ...more,
});
const noGaps = { unknown: [], lostSites: [], mapChanged: true };

test("plan: hosts, changes, what becomes of data, and what to do next", () => {
  const plans = [
    {
      host: "north/zfront",
      errors: [],
      changes: [
        change("haproxy.cfg", "~", "3 lines", { detail: "-old\n+new" }),
        change("route", "+", "wiki.example.net -> garden/wiki:web, peer south"),
      ],
    },
    { host: "north/zpod1", errors: [], changes: [change("volume pages", "+", "create 5G", { fate: "created" })] },
    { host: "north/zmah1", errors: [], changes: [] },
  ];
  expect(`${renderPlan({ plans, ...noGaps }, false, plain).join("\n")}\n`).toMatchInlineSnapshot(`
    "north/zfront  haproxy.cfg   ~ 3 lines  (show with -v)
                  route         + wiki.example.net -> garden/wiki:web, peer south
    north/zpod1   volume pages  + create 5G
    2 hosts, 3 changes, no volume is deleted or moved. Apply with: zctl apply
    "
  `);
  expect(renderPlan({ plans, ...noGaps }, true, plain)).toContain("    +new");
});

test("plan: data that goes, and what could not be looked at, are not overlooked", () => {
  const plans = [
    {
      host: "north/zpod1",
      errors: ["podman: does not answer"],
      changes: [change("volume pages", "-", "no stack has it", { fate: "trashed" })],
    },
  ];
  const unknown = [{ host: "south/znet", kind: "unreachable" as const, reason: "timed out" }];
  expect(
    `${renderPlan({ plans, unknown, lostSites: [], mapChanged: true }, false, plain).join("\n")}\n`,
  ).toMatchInlineSnapshot(`
    "south/znet   not known: timed out
    north/zpod1  not known: podman: does not answer
    north/zpod1  volume pages  - no stack has it  data trashed
    1 host, 1 change, 1 volume goes to trash (2 hosts not known). Apply with: zctl apply
    "
  `);
});

const host = (id: string): HostEntry => {
  const [site = "", name = ""] = id.split("/");
  const role = name.replace(/\d+$/, "") as HostEntry["role"];
  return { id, site, name, role, fqdn: "", address: "", cpus: 1, memory: 1, disk: 1 };
};
const map = { sites: [{ name: "north" }, { name: "south" }] } as unknown as ZMap;
const seen = (id: string, facts: object): Seen => ({
  entry: host(id),
  answer: {
    kind: "ok",
    value: {
      v: 1,
      host: id,
      role: "",
      version: "",
      generation: 4,
      ready: true,
      state: "ready",
      problems: [],
      facts: { ...facts },
      at: "",
    },
  },
});
const front = (site: string, servedBy: string | undefined): Seen =>
  seen(`${site}/zfront`, {
    routes: [{ names: ["hello.example.net"], endpoint: "demo/hello:web", servedBy }],
    certificates: [{ name: "hello.example.net", until: "2027-02-20T14:00:00Z" }],
  });
const stacks = { stacks: [{ stack: "demo/hello", state: "running", reasons: [], placement: "both" }] };

test("status: everything well, in one line", () => {
  const summary = summarise(map, [front("north", "north"), front("south", "south"), seen("north/zpod1", stacks)]);
  expect(renderStatus(summary, now, plain)).toEqual([
    "Everything is as it should be: 3 hosts, 1 name, 1 certificate (the next ends in 90 d), map 4.",
  ]);
});

test("status: a stack of both sites that one site serves alone is told, though no visitor sees it", () => {
  const summary = summarise(map, [front("north", "south"), front("south", "south"), seen("south/zpod1", stacks)]);
  expect(`${renderStatus(summary, now, plain).join("\n")}\n`).toMatchInlineSnapshot(`
    "  demo/hello:web  north's front leads to south: no server of north answers  zctl events --since 30m
    Everything else is as it should be: 3 hosts, 1 name, 1 certificate (the next ends in 90 d), map 4.
    "
  `);
  const homed = { stacks: [{ ...stacks.stacks[0], placement: "south" }] };
  expect(summarise(map, [front("north", "south"), seen("south/zpod1", homed)]).problems).toEqual([]);
});

test("routes: who answers at each front", () => {
  const route = (servedBy: string | undefined, until: string | undefined) => ({
    kind: "http" as const,
    names: ["hello.example.net"],
    endpoint: "demo/hello:web",
    ...(servedBy === undefined ? {} : { servedBy }),
    servers: [
      { name: "a", host: "north/zpod1", state: "UP" },
      { name: "b", host: "north/zpod1", state: "DOWN" },
      { name: "peer", host: "south/zfront", state: "no check" },
    ],
    certificate: { name: "hello.example.net", ...(until === undefined ? {} : { until }) },
  });
  const rows = tableOfRoutes([
    { site: "north", routes: [route("north", "2027-02-20T14:00:00Z")] },
    { site: "south", routes: [route(undefined, undefined)] },
  ]);
  expect(`${renderRoutes(rows, ["north", "south"], now, plain).join("\n")}\n`).toMatchInlineSnapshot(`
    "NAME               STACK:SERVICE   AT NORTH  AT SOUTH  CERTIFICATE
    hello.example.net  demo/hello:web  1 server  nobody    none yet at south
    "
  `);
  expect(rows[0]?.fronts.map(({ servedBy }) => servedBy)).toEqual(["north", null]);
});

test("routes: with the servers of both sites gone nobody answers, whatever each front says of the other", () => {
  const at = (site: string, state: string) => ({
    ...{ kind: "http" as const, names: ["hello.example.net"], endpoint: "demo/hello:web" },
    servedBy: site === "north" ? "south" : "north",
    servers: [{ name: "a", host: `${site}/zpod1`, state }],
    certificate: { name: "hello.example.net", until: "2027-02-20T14:00:00Z" },
  });
  const fronts = (south: string) => [
    { site: "north", routes: [at("north", "DOWN")] },
    { site: "south", routes: [at("south", south)] },
  ];
  const doors = (south: string) => tableOfRoutes(fronts(south))[0]?.fronts.map(({ servedBy }) => servedBy);
  expect(doors("DOWN")).toEqual([null, null]);
  expect(doors("DRAINED")).toEqual(["south", "south"]);
  // The other front can't be asked: what this one knew last.
  const [north] = fronts("DOWN");
  expect(tableOfRoutes(north === undefined ? [] : [north])[0]?.fronts[0]?.servedBy).toBe("south");
});

test("routes: ports have no certificate, and where TLS is passed through it is its owner's", () => {
  const route = (kind: "tcp" | "passthrough", name: string) => {
    const servers = [{ name: "a", host: "north/zpod1", state: "UP" }];
    return { kind, names: [name], endpoint: "demo/vault:web", servedBy: "north", servers, certificate: { name: "" } };
  };
  const routes = [route("passthrough", "vault.example.net"), route("tcp", "port 25")];
  const rows = tableOfRoutes([{ site: "north", routes }]);
  expect(`${renderRoutes(rows, ["north"], now, plain).join("\n")}\n`).toMatchInlineSnapshot(`
    "NAME               STACK:SERVICE   AT NORTH  CERTIFICATE
    port 25            demo/vault:web  1 server  -
    vault.example.net  demo/vault:web  1 server  passthrough
    "
  `);
  const facts = {
    routes: routes.map(({ kind, names, endpoint, servedBy }) => ({ kind, names, endpoint, servedBy })),
    certificates: [],
  };
  const summary = summarise(map, [seen("north/zfront", facts)]);
  expect(renderStatus(summary, now, plain).at(-1)).toBe(
    "Everything is as it should be: 1 host, 1 name (1 passthrough), 1 port, 0 certificates, map 4.",
  );
});

test.each([
  [{ ready: true, generation: 4, reasons: [], loops: [] }, "converged"],
  [{ ready: true, generation: 3, reasons: [], loops: [] }, "behind"],
  [{ ready: false, generation: 4, reasons: ["haproxy: will not start"], loops: [] }, "not-ready"],
  [
    {
      ready: true,
      generation: 4,
      reasons: [],
      loops: [{ name: "a", phase: "waiting", ready: true, essential: true, generation: 3 }],
    },
    "not-ready",
  ],
  [
    { ready: true, generation: 4, reasons: [], loops: [{ name: "a", phase: "idle", ready: true, essential: true }] },
    "converged",
  ],
])("readiness %j is %s for map 4", (value, kind) => {
  expect(judge(host("north/znet"), { kind: "ok", value }, 4).kind).toBe(kind);
});

const report = { stack: "demo/hello", reasons: [], digest: "new" };
test.each([
  [undefined, "nothing"],
  [{ ...report, state: "elsewhere" as const }, "nothing"],
  [{ ...report, state: "running" as const }, "healthy"],
  [{ ...report, state: "running" as const, digest: "old" }, "waiting"],
  [{ ...report, state: "degraded" as const }, "waiting"],
  [{ ...report, state: "refused" as const, tried: "new" }, "failed"],
  [{ ...report, state: "failed" as const, tried: "old" }, "waiting"],
  [{ ...report, state: "failed" as const, tried: "new", triedAt: "2026-11-22T13:00:00Z" }, "waiting"],
])("a report of %j is %s", (given, kind) => {
  expect(judgeStack(given, { digest: "new", deployedAt: "2026-11-22T14:00:00Z" }).kind).toBe(kind);
});
