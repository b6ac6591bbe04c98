import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { createTestCa, freePorts } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listenForAlarms, readSlotStats } from "../haproxy/index.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "../haproxy/two-fronts.test-support.ts";
import { askDoor } from "./ask.ts";
import type { Target } from "./targets.ts";

let fronts: TwoFronts;
let backend: Backend;
let dying: Backend;
let trust: ReturnType<typeof createSecureContext>;
const ends: (() => void)[] = [];

const name = (service: string): string => `${service}.demo.lab.example`;
const target = (service: string, more: Partial<Target> = {}): Target => {
  const door = { site: "north", address: "127.0.0.1", port: fronts.north.ports.https };
  return { endpoint: `demo/app/${service}`, door, name: name(service), path: "/healthz", expect: "health", ...more };
};
const ask = (asked: Target, patience = 2_000) =>
  askDoor(asked, { trust, patience, signal: new AbortController().signal });

beforeAll(async () => {
  fronts = await twoFronts();
  const { north, directory } = fronts;
  const known = createTestCa(join(directory, "authority"));
  const unknown = createTestCa(join(directory, "impostor"));
  trust = createSecureContext({ ca: known("x", "DNS:x").ca });
  backend = await startBackend("north");
  dying = await startBackend("dying");
  const [closed = 0] = await freePorts(1);
  const served = {
    fine: [backend.port],
    dies: [dying.port],
    dead: [closed],
    impostor: [backend.port],
    bare: [backend.port],
  };
  for (const service of ["fine", "dies", "dead", "impostor"]) {
    const { cert, key } = (service === "impostor" ? unknown : known)(name(service), `DNS:${name(service)}`);
    writeFileSync(join(directory, "north/certs", `${name(service)}.pem`), `${cert}${key}`);
  }
  await north.serve(Object.entries(served).map(([service, ports]) => endpoint("north", service, ports)));
}, 60_000);

afterAll(() => {
  for (const end of ends) end();
  for (const one of [backend, dying]) one.kill("SIGKILL");
  fronts.remove();
});

test("what works is up, and says which site answered", async () => {
  expect(await ask(target("fine"))).toEqual({ ok: true, ms: expect.any(Number), servedBy: "north" });
  expect(await ask(target("fine", { path: "/?status=302" }))).toMatchObject({ ok: true });
  expect(await ask(target("fine", { path: "/?status=404", expect: "any" }))).toMatchObject({ ok: true });
});

test.each([
  ["a dead server", () => target("dead"), "status", "answered 503"],
  ["a server that says no", () => target("fine", { path: "/?status=404" }), "status", "answered 404"],
  [
    "a name that is not served",
    () => target("other", { name: name("fine").replace("fine", "other") }),
    "tls",
    /^its certificate is signed by nobody/,
  ],
  ["no certificate yet", () => target("bare"), "tls", /^its certificate is signed by nobody/],
  ["an unknown authority", () => target("impostor"), "tls", "no known authority signed its certificate"],
  ["another name's certificate", () => target("fine", { name: "fine.example" }), "tls", /certificate/],
])("%s is down, with the reason", async (_what, asked, kind, reason) => {
  const outcome = await ask(asked());
  expect(outcome).toMatchObject({ ok: false, kind });
  expect(outcome.ok ? "" : outcome.reason).toMatch(reason instanceof RegExp ? reason : new RegExp(`^${reason}$`));
});

test("where TLS is passed through any certificate will do, and no TLS is down", async () => {
  const vault = target("impostor", { path: "", expect: "handshake" });
  expect(await ask(vault)).toMatchObject({ ok: true, servedBy: undefined });
  const server = createServer((socket) => socket.end().on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const { port } = server.address() as { port: number };
  const door = { site: "north", address: "127.0.0.1", port };
  expect(await ask({ ...vault, door })).toMatchObject({ ok: false, kind: "tls" });
});

test("a slow server is down after as long as we wait", async () => {
  const outcome = await ask(target("fine", { path: "/?wait=5000" }), 500);
  expect(outcome).toMatchObject({ ok: false, kind: "timeout", reason: "no whole answer within 0.5 s" });
});

test("an answer that never ends is one when its head and enough of it are there", async () => {
  expect(await ask(target("fine", { path: "/?drip=400" }), 300)).toMatchObject({ ok: false, kind: "timeout" });
  expect(await ask(target("fine", { path: "/?drip=100" }))).toMatchObject({ ok: true });
});

test("no way to the door at all is the door's failure: refused, or silence", async () => {
  const [closed = 0] = await freePorts(1);
  const door = { site: "south", address: "127.0.0.1", port: closed };
  expect(await ask(target("fine", { door }))).toMatchObject({ kind: "connect", reason: "connection refused" });
  const aside = { ...door, address: "192.0.2.1" };
  expect(await ask(target("fine", { door: aside }), 200)).toMatchObject({ kind: "connect" });
});

test("a door that speaks no TLS", async () => {
  const server = createServer((socket) => socket.end("220 mail.example\r\n").on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const { port } = server.address() as { port: number };
  const door = { site: "north", address: "127.0.0.1", port };
  expect(await ask(target("fine", { door }))).toMatchObject({ ok: false, kind: "tls", reason: /^no TLS: / });
});

test("an end of the service ends a probe", async () => {
  const ending = new AbortController();
  const asked = askDoor(target("fine", { path: "/?wait=5000" }), { trust, patience: 60_000, signal: ending.signal });
  setTimeout(() => ending.abort(), 100);
  expect(await asked).toMatchObject({ ok: false, reason: "probing was ended" });
});

test("HAProxy tells at once whose server went down", async () => {
  const { slots } = await fronts.north.observe();
  const slot = slots.taken["demo/app/dies"]?.slot ?? 0;
  const heard = new Promise<ReadonlySet<number>>((resolve) => {
    ends.push(listenForAlarms(fronts.north.ports.alarms, (down) => void (down.has(slot) && resolve(down))));
  });
  dying.kill("SIGKILL");
  expect([...(await heard)]).toEqual([slot]);
});

test("HAProxy's counters by endpoint, of slots in use only", async () => {
  const { slots } = await fronts.north.observe();
  const stats = await readSlotStats(fronts.north.haproxy.runtime, slots);
  expect(stats.map(({ endpoint: key }) => key).filter((key) => key === "demo/app/fine")).toHaveLength(2);
  expect(stats).toHaveLength(10);
  const fine = stats.find(({ endpoint: key, proxy }) => key === "demo/app/fine" && proxy.startsWith("e"));
  expect(fine?.number("req_tot")).toBeGreaterThanOrEqual(3);
  expect(fine?.number("hrsp_2xx")).toBeGreaterThanOrEqual(1);
  expect(fine?.number("hrsp_4xx")).toBe(2);
  expect(fine?.number("nonsense")).toBe(0);
});
