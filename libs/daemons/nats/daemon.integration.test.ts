import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUserKey } from "@zcloud/bus";
import { LocalHost } from "@zcloud/host";
import { allHosts, type Keys } from "@zcloud/map";
import { createTestCa, debian, eventually, freePorts } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNats, type NatsControl } from "./daemon.ts";
import type { NatsAction, NatsDesired } from "./plan.ts";
import type { Places } from "./render.ts";
import { testMap } from "./two-sites.test-support.ts";

const root = mkdtempSync(join(tmpdir(), "zc-natsd-"));
const pid = join(root, "pid");
const map = testMap();
const keys: Keys = {
  v: 1,
  ca: "",
  acmeThumbprint: null,
  hosts: Object.fromEntries(allHosts(map).map(({ id }) => [id, { nkey: createUserKey().public }])),
};
let places: Places;
let nats: ReturnType<typeof createNats>;
const { signal } = new AbortController();

/** nats-server without systemd: the same verbs by a pid file. */
function control(): NatsControl {
  const server = debian("/usr/sbin/nats-server", "-c", `${places.directory}/nats-server.conf`).join(" ");
  const alive = `curl -sf http://${places.monitor}/healthz`;
  const start = `${alive} || { setsid ${server} >>${root}/log 2>&1 & echo $! >${pid}; }`;
  const stop = `kill "$(cat ${pid})"; while ${alive}; do sleep 0.05; done`;
  return {
    check: (path) => debian("/usr/sbin/nats-server", "-t", "-c", path),
    start: ["sh", "-c", start],
    reload: ["sh", "-c", `kill -HUP "$(cat ${pid})"`],
    restart: ["sh", "-c", `${stop}; ${start}`],
    unitChanged: ["true"],
  };
}

async function pass(desired: NatsDesired): Promise<readonly NatsAction[]> {
  const planned = nats.plan(desired, await nats.observe(signal));
  for (const action of planned) await nats.apply(action, signal);
  return planned;
}

beforeAll(async () => {
  const [port = 0, leaf = 0, monitor = 0] = await freePorts(3);
  const pki = join(root, "pki");
  mkdirSync(pki);
  const { ca, cert, key } = createTestCa(join(root, "ca"))("znet", "IP:127.0.0.1");
  for (const [name, text] of Object.entries({ "ca.crt": ca, "host.crt": cert, "host.key": key }))
    writeFileSync(join(pki, name), text);
  writeFileSync(join(pki, "bus.nk"), createUserKey().seed);
  places = {
    directory: join(root, "nats"),
    owner: "root",
    unit: join(root, "unit.conf"),
    enabled: pid,
    storeDirectory: join(root, "store"),
    monitor: `127.0.0.1:${monitor}`,
    address: () => "127.0.0.1",
    natsPort: () => port,
    leafPort: () => leaf,
  };
  nats = createNats({ host: new LocalHost(), pki, control: control(), places });
});

afterAll(() => {
  try {
    process.kill(Number(readFileSync(pid, "utf8")));
  } catch {
    // It never started.
  }
  rmSync(root, { recursive: true, force: true });
});

test("the first pass writes, checks and starts; the second has nothing to do", async () => {
  const planned = await pass({ map, keys, site: "north" });
  expect(planned.map(({ kind, change, subject }) => `${kind} ${change} ${subject}`)).toEqual([
    "write-unit + unit.conf",
    "configure + nats-server.conf",
  ]);
  expect(statSync(join(places.directory, "host.key")).mode & 0o777).toBe(0o640);
  expect(await pass({ map, keys, site: "north" })).toEqual([]);
});

test("a host with a new key is let in by a reload, with the server running on", async () => {
  const before = readFileSync(pid, "utf8");
  const next = { ...keys, hosts: { ...keys.hosts, "north/zpod1": { nkey: createUserKey().public } } };
  const planned = await pass({ map, keys: next, site: "north" });
  expect(planned.map(({ kind, summary }) => `${kind} ${summary}`)).toEqual(["configure 1 line"]);
  expect(planned[0]?.detail).toContain("+      { nkey: ");
  expect(JSON.stringify(planned[0]?.detail)).not.toContain("PRIVATE KEY");
  expect(readFileSync(pid, "utf8")).toBe(before);
  expect(await pass({ map, keys: next, site: "north" })).toEqual([]);
});

test("what a reload can't change is changed by a restart", async () => {
  const before = readFileSync(pid, "utf8");
  await pass({ map, keys, site: "south" });
  expect(readFileSync(pid, "utf8")).not.toBe(before);
  expect(await pass({ map, keys, site: "south" })).toEqual([]);
});

test("what the server refuses changes nothing", async () => {
  const before = readFileSync(join(places.directory, "nats-server.conf"), "utf8");
  const broken = { ...keys, hosts: { ...keys.hosts, "south/zpod1": { nkey: "UNONSENSE" } } };
  await expect(pass({ map, keys: broken, site: "south" })).rejects.toThrow(
    /nats-server refuses it, nothing was changed/,
  );
  expect(readFileSync(join(places.directory, "nats-server.conf"), "utf8")).toBe(before);
  expect(await pass({ map, keys, site: "south" })).toEqual([]);
});

test("a server that died is started again", async () => {
  process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
  await eventually("it is gone", async () => (await nats.observe(signal)).loadedAt === undefined);
  const planned = await pass({ map, keys, site: "south" });
  expect(planned.map(({ kind }) => kind)).toEqual(["start"]);
});
