import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { eventually, freePorts } from "@zcloud/testing";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openControl } from "./control.ts";
import { createUnbound, type UnboundVerbs } from "./daemon.ts";
import { labMap } from "./lab-map.test-support.ts";
import { endIn, verbsIn } from "./loopback.test-support.ts";
import { dnsMetrics, parseStatistics } from "./metrics.ts";
import type { UnboundAction } from "./plan.ts";
import { joinRecords, publicRecords } from "./records.ts";
import { type Places, renderUnbound } from "./render.ts";
import { zoneRecords } from "./zone.ts";

const root = mkdtempSync(join(tmpdir(), "zc-unbound-"));
const pid = join(root, "pid");
const { signal } = new AbortController();
let map: ZMap = labMap();
let places: Places;
let unbound: ReturnType<typeof createUnbound>;
let resolver: Resolver;
let verbs: UnboundVerbs;

function endpoint(host: string, ...names: readonly string[]): Endpoint {
  const stack = { tenant: "demo", project: "hello", service: "web", health: "/", servers: [] };
  return { v: 1, host, names: [...names], ...stack };
}

async function pass(...endpoints: readonly Endpoint[]): Promise<readonly UnboundAction[]> {
  const records = publicRecords(map, "north", endpoints);
  const planned = unbound.plan({ map, site: "north", records }, await unbound.observe(signal));
  for (const action of planned) await unbound.apply(action, signal);
  return planned;
}

const lines = (actions: readonly UnboundAction[]) => actions.map(({ change, subject }) => `${change} ${subject}`);

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  places = {
    interfaces: ["127.0.0.1"],
    port,
    config: join(root, "unbound.conf"),
    names: join(root, "names.conf"),
    control: join(root, "ctl"),
    unit: join(root, "unit.conf"),
    enabled: pid,
    trustAnchor: join(root, "root.key"),
    user: "",
    directory: root,
  };
  resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  verbs = verbsIn(root, places.config);
  unbound = createUnbound({ host: new LocalHost(), map: () => map, site: "north", verbs, places });
});

afterAll(() => {
  endIn(root);
  rmSync(root, { recursive: true, force: true });
});

test("from nothing: files, check, start; then the hosts of both sites have names", async () => {
  expect(lines(await pass())).toEqual(["+ unit.conf", "+ names.conf", "+ unbound.conf"]);
  expect(await pass()).toEqual([]);
  expect(await resolver.resolve4("zpod1.north.zcloud.internal")).toEqual(["10.64.1.17"]);
  expect(await resolver.resolve4("zfront.south.zcloud.internal")).toEqual(["10.64.2.3"]);
  expect(await resolver.resolve4("zfront.north")).toEqual(["10.64.1.3"]);
  expect(await resolver.resolve4("znet")).toEqual(["10.64.1.2"]);
  expect(await resolver.reverse("10.64.2.2")).toEqual(["znet.south.zcloud.internal"]);
  await expect(resolver.resolve4("nobody.north.zcloud.internal")).rejects.toThrow(/ENOTFOUND/);
});

test("a new endpoint of either site answers with the local front, with no reload; one that goes is forgotten", async () => {
  const before = readFileSync(pid, "utf8");
  const here = endpoint("north/zpod1", "hello.lab.example");
  const there = endpoint("south/zpod1", "notes.lab.example", "Shop.demo.lab.example");
  expect(lines(await pass(here, there))).toEqual([
    "~ names.conf",
    "+ hello.lab.example",
    "+ notes.lab.example",
    "+ shop.demo.lab.example",
  ]);
  expect(await pass(here, there)).toEqual([]);
  for (const name of ["hello.lab.example", "notes.lab.example", "shop.demo.lab.example"])
    expect(await resolver.resolve4(name)).toEqual(["10.64.1.3"]);
  expect(lines(await pass(there))).toEqual(["~ names.conf", "- hello.lab.example"]);
  expect(await openControl(places.control).ask("list_local_data")).not.toContain("hello.lab.example");
  expect(readFileSync(pid, "utf8")).toBe(before);
});

test("where stacks run, and how old the other site's word is, without a reload", async () => {
  const server = (port: number) => ({ id: `s${port}`, address: "10.64.1.17", port, state: "up" as const });
  const running = (...ports: readonly number[]): Endpoint => {
    return { ...endpoint("north/zpod1", "hello.lab.example"), servers: ports.map(server) };
  };
  const zoned = async (age: string, ...ports: readonly number[]) => {
    const own = [running(...ports)];
    const records = joinRecords(
      publicRecords(map, "north", own),
      zoneRecords(map, { site: "north", endpoints: own, age: { state: "live" } }),
      zoneRecords(map, { site: "south", endpoints: [], age: { state: "stale", since: age } }),
    );
    const planned = unbound.plan({ map, site: "north", records }, await unbound.observe(signal));
    for (const action of planned) await unbound.apply(action, signal);
    expect(unbound.plan({ map, site: "north", records }, await unbound.observe(signal))).toEqual([]);
  };
  const stack = "hello.demo.north.zcloud.internal";
  const ports = async () => (await resolver.resolveSrv(`_http._tcp.web.${stack}`)).map(({ port }) => port).sort();
  await zoned("2026-11-23T11:00:00Z", 40_001, 40_002);
  expect(await resolver.resolve4(stack)).toEqual(["10.64.1.17"]);
  expect(await ports()).toEqual([40_001, 40_002]);
  expect(await resolver.resolveTxt("_zone.south.zcloud.internal")).toEqual([["stale-since=2026-11-23T11:00:00Z"]]);
  await zoned("2026-11-23T11:30:00Z", 40_001, 40_002, 40_003);
  expect(await ports()).toEqual([40_001, 40_002, 40_003]);
  await zoned("2026-11-23T11:30:00Z", 40_003);
  expect(await ports()).toEqual([40_003]);
  expect(await resolver.resolveTxt("_zone.south.zcloud.internal")).toEqual([["stale-since=2026-11-23T11:30:00Z"]]);
  await pass();
  await expect(resolver.resolve4(stack)).rejects.toThrow(/ENOTFOUND/);
});

test("a names file edited by hand is put right, and no line of it reaches the server", async () => {
  const there = endpoint("south/zpod1", "notes.lab.example");
  await pass(there);
  writeFileSync(places.names, `${readFileSync(places.names, "utf8")}local-data: "bank.example. 30 IN A 192.0.2.1"\n`);
  expect(lines(await pass(there))).toEqual(["~ names.conf"]);
  expect(readFileSync(places.names, "utf8")).not.toContain("bank");
  expect(await pass(there)).toEqual([]);
});

test("a pass acts on what it saw last, and looks afterwards; after a crash it looks first", async () => {
  const records = publicRecords(map, "north", [endpoint("south/zpod1", "notes.lab.example", "hello.lab.example")]);
  const desired = { map, site: "north", records };
  await unbound.observe(signal);
  const remembered = await unbound.recall?.(signal);
  expect(await unbound.recall?.(signal)).toBeUndefined();
  if (remembered === undefined) throw new Error("it remembers nothing");
  for (const action of unbound.plan(desired, remembered)) await unbound.apply(action, signal);
  expect(unbound.plan(desired, await unbound.observe(signal))).toEqual([]);
  expect(await resolver.resolve4("hello.lab.example")).toEqual(["10.64.1.3"]);
});

test("a name that the map does not give to the tenant is not taken", async () => {
  const thief = endpoint("south/zpod1", "www.bank.example", "notes.lab.example");
  expect(await pass(thief)).toHaveLength(2);
  expect(readFileSync(places.names, "utf8")).not.toContain("bank");
});

test("its numbers: questions, answers by code, and none while it is away", async () => {
  const registry = new Registry();
  dnsMetrics(registry, "dns_", openControl(places.control));
  const number = async (name: string) => Number(new RegExp(`^${name} (.*)$`, "m").exec(await registry.metrics())?.[1]);
  const [queries, refused] = [await number("dns_queries_total"), await number('dns_answers_total{rcode="NXDOMAIN"}')];
  await resolver.resolve4("notes.lab.example");
  await expect(resolver.resolve4("nobody.north.zcloud.internal")).rejects.toThrow(/ENOTFOUND/);
  expect(await number("dns_queries_total")).toBe(queries + 2);
  expect(await number('dns_answers_total{rcode="NXDOMAIN"}')).toBe(refused + 1);
  expect(await number("dns_up")).toBe(1);
  const nobody = new Registry();
  dnsMetrics(nobody, "dns_", openControl(join(root, "nobody")));
  const said = await nobody.metrics();
  expect(said).toContain("dns_up 0\n");
  expect(said).not.toMatch(/^dns_queries_total /m);
});

test("one address asks too much: it is limited and counted, and others are answered", async () => {
  const control = openControl(places.control);
  const [asked, most] = [createSocket("udp4"), 20_000];
  let answers = 0;
  asked.on("message", () => {
    answers += 1;
  });
  await new Promise<void>((resolve) => asked.bind(0, "127.0.0.1", () => resolve()));
  for (let index = 0; index < most; index += 1) {
    asked.send(question, places.port, "127.0.0.1");
    if (index % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const limited = async () =>
    parseStatistics(await control.ask("stats_noreset")).get("total.num.queries_ip_ratelimited") ?? 0;
  await eventually("some are dropped", async () => (await limited()) > 0);
  const other = new Resolver({ timeout: 2_000, tries: 1 });
  other.setLocalAddress("127.0.0.3");
  other.setServers([`127.0.0.1:${places.port}`]);
  expect(await other.resolve4("znet")).toEqual(["10.64.1.2"]);
  expect(answers).toBeLessThan(most);
  asked.close();
});

/** Of `znet.`, for its address (RFC 1035, 4.1). */
const question = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, ...Buffer.from("znet"), 0, 0, 1, 0, 1]);

test("after a crash the names are there from disk, before anybody tells it", async () => {
  process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
  const control = openControl(places.control);
  await eventually("it is gone", () =>
    control.ask("status").then(
      () => false,
      () => true,
    ),
  );
  const planned = await pass(endpoint("south/zpod1", "notes.lab.example"));
  expect(planned.map(({ kind }) => kind)).toEqual(["start"]);
  expect(await resolver.resolve4("notes.lab.example")).toEqual(["10.64.1.3"]);
});

test("records set by hand are put right", async () => {
  const control = openControl(places.control);
  await control.ask("local_data_remove notes.lab.example.");
  await control.ask("local_data notes.lab.example. 30 IN A 192.0.2.1");
  await control.ask("local_data stray.lab.example. 30 IN A 192.0.2.1");
  const planned = await pass(endpoint("south/zpod1", "notes.lab.example"));
  expect(lines(planned)).toEqual(["~ notes.lab.example", "- stray.lab.example"]);
  expect(await resolver.resolve4("notes.lab.example")).toEqual(["10.64.1.3"]);
});

test("a changed map is reloaded without a restart and keeps the names", async () => {
  const before = readFileSync(pid, "utf8");
  map = { ...map, internalDomain: "other.internal", sites: renamed(map, "other.internal") };
  const planned = await pass(endpoint("south/zpod1", "notes.lab.example"));
  expect(planned.map(({ kind }) => kind)).toEqual(["configure"]);
  expect(await resolver.resolve4("zpod1.north.other.internal")).toEqual(["10.64.1.17"]);
  expect(await resolver.resolve4("notes.lab.example")).toEqual(["10.64.1.3"]);
  expect(readFileSync(pid, "utf8")).toBe(before);
  expect(await pass(endpoint("south/zpod1", "notes.lab.example"))).toEqual([]);
});

test("what unbound refuses changes nothing", async () => {
  const before = readFileSync(places.config, "utf8");
  const good = map;
  map = { ...map, dns: { ...map.dns, upstreams: ["not an address"] } };
  await expect(pass(endpoint("south/zpod1", "notes.lab.example"))).rejects.toThrow(/refuses it, nothing was changed/);
  expect(readFileSync(places.config, "utf8")).toBe(before);
  map = good;
});

test("a file written but not read yet, as after a crash, is read", async () => {
  map = { ...map, internalDomain: "third.internal", sites: renamed(map, "third.internal") };
  writeFileSync(places.config, renderUnbound(map, "north", places));
  const planned = await pass(endpoint("south/zpod1", "notes.lab.example"));
  expect(planned.map(({ kind }) => kind)).toEqual(["reload"]);
  expect(await pass(endpoint("south/zpod1", "notes.lab.example"))).toEqual([]);
  expect(await resolver.resolve4("znet.north.third.internal")).toEqual(["10.64.1.2"]);
});

test("another address to listen on takes a restart", async () => {
  const before = readFileSync(pid, "utf8");
  places = { ...places, interfaces: ["127.0.0.1", "127.0.0.2"] };
  unbound = createUnbound({ host: new LocalHost(), map: () => map, site: "north", verbs, places });
  await pass(endpoint("south/zpod1", "notes.lab.example"));
  expect(readFileSync(pid, "utf8")).not.toBe(before);
  expect(await pass(endpoint("south/zpod1", "notes.lab.example"))).toEqual([]);
});

function renamed(from: ZMap, domain: string): ZMap["sites"] {
  return from.sites.map((site) => {
    return { ...site, hosts: site.hosts.map((host) => ({ ...host, fqdn: `${host.name}.${host.site}.${domain}` })) };
  });
}
