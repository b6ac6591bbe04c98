import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { percent, type Uptime } from "./uptime-screen.ts";
import { World } from "./world.test-support.ts";

let directory: string;
let world: World;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-uptime-"));
  cpSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), join(directory, "zcloud.yaml"));
  const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  writeFileSync(join(directory, "zcloud.keys.json"), JSON.stringify({ v: 1, ca, acmeThumbprint: null, hosts: {} }));
  world = new World(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const seen = (service: string, door: string, more: Partial<Uptime> = {}): Uptime => ({
  ...{
    endpoint: `demo/app:${service}`,
    name: `${service}.lab.example`,
    port: null,
    door,
    passthrough: false,
    state: "up",
    since: "2026-11-22T12:00:00Z",
  },
  ...{ servedBy: door, ms: 7, reason: null, uptime: { "24h": 1, "7d": 1, "90d": 1 }, lastOutage: null },
  ...more,
});
const outage = { from: "2026-11-22T13:58:00Z", to: null, reason: "status: answered 503" };
const down = { state: "down", since: outage.from, servedBy: null, ms: null, reason: "answered 503" } as const;
const agents = (north: readonly Uptime[], south: readonly Uptime[]): void => {
  world.host("north/zfront").script = { agent: { "GET /v1/uptime": () => [200, { endpoints: north }] } };
  world.host("south/zfront").script = { agent: { "GET /v1/uptime": () => [200, { endpoints: south }] } };
};

test("all is well: one line an endpoint, with who serves it at each door", async () => {
  const past = { from: "2026-11-20T14:00:00Z", to: "2026-11-20T14:00:30Z", reason: "status: answered 503" };
  const a = [seen("a", "north"), seen("a", "south", { servedBy: "north", lastOutage: past })];
  agents(a, [...a, seen("b", "south", { state: "new", uptime: { "24h": null, "7d": null, "90d": null } })]);
  expect(await world.zctl("uptime")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "ENDPOINT    NAME           AT NORTH     AT SOUTH     24 H   7 D    90 D   LAST OUTAGE
    demo/app:a  a.lab.example  up           up by north  100 %  100 %  100 %  2 d ago for 30.0 s, status: answered 503
    demo/app:b  b.lab.example  not watched  not yet      -      -      -      none
    "
  `);
});

test("what is down stands first, from where and why; exit code 1", async () => {
  const uptime = { "24h": 0.9986, "7d": 0.99981, "90d": 0.999999 };
  const broken = [seen("b", "north", { ...down, uptime, lastOutage: outage }), seen("b", "south")];
  agents([seen("a", "north"), seen("a", "south"), ...broken], [seen("a", "north"), seen("b", "north")]);
  expect(await world.zctl("uptime")).toBe(1);
  expect(world.out).toMatchInlineSnapshot(`
    "ENDPOINT    NAME           AT NORTH                                   AT SOUTH  24 H     7 D      90 D     LAST OUTAGE
    demo/app:b  b.lab.example  down 2 min, from north only: answered 503  up        99.86 %  99.98 %  99.99 %  now, status: answered 503
    demo/app:a  a.lab.example  up                                         up        100 %    100 %    100 %    none
    "
  `);
  expect(await world.zctl("uptime", "a.lab.example")).toBe(0);
  expect(world.out).not.toContain("demo/app:b");
  expect(await world.zctl("uptime", "demo/app", "--json")).toBe(1);
  expect(JSON.parse(world.out).endpoints).toHaveLength(2);
});

test("a service's names and its ports are lines of their own", async () => {
  const port = (door: string) => seen("a", door, { name: "port 25", port: 25 });
  agents([port("north"), seen("a", "north")], [port("south"), seen("a", "south")]);
  expect(await world.zctl("uptime", "demo/app:a")).toBe(0);
  expect(world.out.match(/^demo\/app:a +\S.*? {2}/gm)?.map((line) => line.trim())).toEqual([
    "demo/app:a  a.lab.example",
    "demo/app:a  port 25",
  ]);
});

test("what is in maintenance is neither up nor down, and no problem", async () => {
  const resting = {
    state: "maintenance",
    since: "2026-11-22T13:50:00Z",
    servedBy: null,
    ms: null,
    reason: "",
  } as const;
  agents([seen("a", "north", resting), seen("a", "south", resting)], []);
  expect(await world.zctl("uptime")).toBe(0);
  expect(world.out).toContain("maintenance 10 min");
});

test("one front out of reach: the other's view, and exit code 3", async () => {
  agents([seen("a", "north"), seen("a", "south")], []);
  world.host("south/zfront").script = { down: true };
  expect(await world.zctl("uptime")).toBe(3);
  expect(world.out).toContain("demo/app:a");
});

test("a name that nobody watches", async () => {
  agents([seen("a", "north")], []);
  expect(await world.zctl("uptime", "nothing.example")).toBe(2);
  expect(world.err).toContain("no endpoint nothing.example is watched");
});

test.each([
  [1, "100 %"],
  [0.999999, "99.99 %"],
  [0.9, "90.00 %"],
  [0, "0.00 %"],
])("%d is %s: only what never failed is 100", (share, text) => {
  expect(percent(share)).toBe(text);
});
