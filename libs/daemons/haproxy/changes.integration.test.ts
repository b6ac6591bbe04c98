import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { runPass } from "@zcloud/reconcile";
import { eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCertificate } from "./certificate.test-support.ts";
import { ask, startLoad } from "./client.test-support.ts";
import type { ObservedFront } from "./plan.ts";
import { type Backend, endpoint, lines, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
const backends: Backend[] = [];

async function start(name: string): Promise<Backend> {
  const backend = await startBackend(name);
  backends.push(backend);
  return backend;
}

beforeAll(async () => {
  sites = await twoFronts();
});

afterAll(() => {
  for (const backend of backends) backend.kill("SIGKILL");
  sites.remove();
});

/** What a visitor can tell of a running front: all but counters, ages and results of checks. */
function state({ running }: ObservedFront): unknown {
  const servers = [...(running?.servers ?? [])].flatMap(([backend, group]) =>
    [...group].map(([name, { address, port, maintenance }]) => `${backend}/${name} ${address}:${port} ${maintenance}`),
  );
  return { maps: running?.maps, certificates: running?.certificates, servers: servers.sort() };
}

function certificateOf(port: number, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject?.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("starts from nothing; a second pass does nothing", async () => {
  const one = await start("one");
  const wanted = [endpoint("north", "one", [one.port])];
  const first = await sites.north.serve(wanted);
  expect(lines(first).map((line) => line.split(" ")[0])).toEqual(["make-placeholder", "write-config", "start"]);
  expect(await sites.north.serve(wanted)).toEqual([]);
  expect((await ask(sites.north.ports.https, "one.demo.lab.example")).status).toBe(200);
  expect(await certificateOf(sites.north.ports.https, "one.demo.lab.example")).toBe("no certificate yet");
});

test("host name, certificate and three servers are served without a reload, other names lose nothing, and a reload changes nothing", async () => {
  const [one] = backends;
  const three = await Promise.all(["a", "b", "c"].map((name) => start(name)));
  const { running: before } = await sites.north.observe();
  const wanted = [
    endpoint("north", "one", [one?.port ?? 0]),
    endpoint(
      "north",
      "new",
      three.map(({ port }) => port),
    ),
  ];
  const load = startLoad(sites.north.ports.https, "one.demo.lab.example", 100);
  await eventually("load runs", () => load.sent() > 20);
  const path = `${sites.north.settings.paths.certificates}/new.demo.lab.example.pem`;
  writeFileSync(path, makeCertificate("new.demo.lab.example"), { mode: 0o600 });
  const started = performance.now();
  const actions = await sites.north.serve(wanted);
  const pass = performance.now() - started;
  const answer = await ask(sites.north.ports.https, "new.demo.lab.example");
  const result = await load.end();
  expect(lines(actions)).toEqual([
    expect.stringMatching(/^write-config ~ haproxy.cfg/),
    expect.stringMatching(/^certificate \+ new.demo.lab.example certificate until/),
    "route + new.demo.lab.example -> demo/app:new",
  ]);
  expect(answer.status).toBe(200);
  expect(sites.north.installed).toEqual(["new.demo.lab.example"]);
  expect(await certificateOf(sites.north.ports.https, "new.demo.lab.example")).toBe("new.demo.lab.example");
  expect(await certificateOf(sites.north.ports.https, "one.demo.lab.example")).toBe("no certificate yet");
  expect(result.failures).toEqual([]);
  const after = await sites.north.observe();
  expect(after.running?.pid).toBe(before?.pid);
  console.info(
    "new route, certificate, 3 servers: whole pass",
    Math.round(pass),
    "ms;",
    result.sent,
    "other requests, 0 lost",
  );
  await sites.north.reload();
  const reloaded = await sites.north.observe();
  expect(reloaded.running?.pid).not.toBe(before?.pid);
  expect(state(reloaded)).toEqual(state(after));
  expect(await sites.north.serve(wanted)).toEqual([]);
});

test("HAProxy's share of a new route: from the disk being written to served", async () => {
  const server = await start("timed");
  const shares: number[] = [];
  const runtime: number[] = [];
  const wanted = [endpoint("north", "one", [backends[0]?.port ?? 0])];
  for (let round = 0; round < 10; round += 1) {
    wanted.push(endpoint("north", `timed${round}`, [server.port]));
    const { haproxy } = sites.north;
    const spent: number[] = [];
    const apply = haproxy.apply.bind(haproxy);
    haproxy.apply = async (action, signal) => {
      const begin = performance.now();
      await apply(action, signal);
      const took = performance.now() - begin;
      spent.push(took);
      if (action.kind === "route" && action.change === "+") runtime.push(took);
    };
    await sites.north.serve(wanted);
    haproxy.apply = apply;
    expect((await ask(sites.north.ports.https, `timed${round}.demo.lab.example`)).status).toBe(200);
    shares.push(spent.reduce((sum, ms) => sum + ms, 0));
  }
  const sorted = (values: readonly number[]): string =>
    [...values]
      .sort((a, b) => a - b)
      .map((ms) => ms.toFixed(1))
      .join(" ");
  console.info(`write and publish a route, ms: ${sorted(shares)}; of it the runtime API: ${sorted(runtime)}`);
  expect(runtime).toHaveLength(10);
  expect(shares).toHaveLength(10);
});

test("a draining server takes no new requests; one that is gone leaves; a name that is gone is unknown", async () => {
  const [old, fresh] = await Promise.all([start("old"), start("fresh")]);
  const both = endpoint("north", "roll", [old.port, fresh.port]);
  await sites.north.serve([both]);
  const servers = both.servers.map((server) =>
    server.port === old.port ? { ...server, state: "draining" as const } : server,
  );
  await sites.north.serve([{ ...both, servers }]);
  const names = new Set<string>();
  for (let round = 0; round < 10; round += 1) {
    names.add(JSON.parse((await ask(sites.north.ports.https, "roll.demo.lab.example")).body).name);
  }
  expect([...names]).toEqual(["fresh"]);
  await sites.north.reload();
  expect(JSON.parse((await ask(sites.north.ports.https, "roll.demo.lab.example")).body).name).toBe("fresh");
  await sites.north.serve([endpoint("north", "roll", [fresh.port])]);
  const left = [...((await sites.north.observe()).running?.servers ?? [])].flatMap(([, group]) => [...group.keys()]);
  expect(left.filter((name) => name.includes(String(old.port)))).toEqual([]);
  await sites.north.serve([]);
  expect((await ask(sites.north.ports.https, "roll.demo.lab.example")).status).toBe(404);
  expect((await sites.north.observe()).running?.servers.size ?? 0).toBe(0);
});

test("a server with a request under way is not cut when it leaves; it is deleted afterwards", async () => {
  const leaving = await start("leaving");
  const staying = await start("staying");
  await sites.north.serve([endpoint("north", "long", [leaving.port])]);
  const long = ask(sites.north.ports.https, "long.demo.lab.example", "/?wait=1500");
  await eventually("the request is under way", async () => (await leaving.asked()).length === 1);
  const later = endpoint("north", "long", [staying.port]);
  await sites.north.serve([later]);
  expect(JSON.parse((await ask(sites.north.ports.https, "long.demo.lab.example")).body).name).toBe("staying");
  expect(JSON.parse((await long).body).name).toBe("leaving");
  await eventually("it is deleted", async () => {
    await sites.north.serve([later]);
    const left = [...((await sites.north.observe()).running?.servers ?? [])].flatMap(([, group]) => [...group.keys()]);
    return !left.some((name) => name.includes(String(leaving.port)));
  });
});

test("a certificate is renewed in place, and leaves when its file does", async () => {
  const { paths } = sites.north.settings;
  const path = `${paths.certificates}/long.demo.lab.example.pem`;
  const wanted = (await sites.north.observe()).certificates.map(({ name }) => name);
  expect(wanted).not.toContain("long.demo.lab.example");
  const server = await start("renewed");
  const route = [endpoint("north", "long", [server.port])];
  const { running } = await sites.north.observe();
  for (let round = 0; round < 2; round += 1) {
    writeFileSync(path, makeCertificate("long.demo.lab.example"), { mode: 0o600 });
    await sites.north.serve(route);
    const { certificates, running: now } = await sites.north.observe();
    const onDisk = certificates.find(({ name }) => name === "long.demo.lab.example")?.fingerprint;
    expect(now?.certificates.fingerprints.get(path)).toBe(onDisk);
  }
  writeFileSync(path, "not a certificate");
  await sites.north.serve(route);
  expect(await certificateOf(sites.north.ports.https, "long.demo.lab.example")).toBe("no certificate yet");
  expect((await sites.north.observe()).running?.pid).toBe(running?.pid);
  await sites.north.reload();
});

test("a configuration that HAProxy refuses never reaches the disk", async () => {
  const { north } = sites;
  const { paths } = north.settings;
  const good = readFileSync(paths.config, "utf8");
  const desired = {
    settings: { ...north.settings, listen: { ...north.settings.listen, http: "nonsense" } },
    routes: [],
    unitFiles: new Map(),
  };
  const observed = await north.observe();
  const [write] = north.haproxy.plan(desired, observed);
  if (write === undefined) throw new Error("nothing planned");
  await expect(north.haproxy.apply(write, AbortSignal.timeout(10_000))).rejects.toThrow(
    /HAProxy refuses it[\s\S]*nonsense/,
  );
  expect(readFileSync(paths.config, "utf8")).toBe(good);
});

test("a configuration that has rested is kept as the last good one; one that HAProxy refuses is not", async () => {
  const { lastGood, settings } = sites.north;
  const { config, good } = settings.paths;
  const signal = AbortSignal.timeout(30_000);
  const signals = { read: signal, write: signal };
  const text = readFileSync(config, "utf8");
  expect(lines(await runPass(lastGood, {}, signals))).toEqual([
    expect.stringMatching(/^keep-good ~ haproxy.cfg kept as last good/),
  ]);
  expect(readFileSync(good, "utf8")).toBe(text);
  expect(await runPass(lastGood, {}, signals)).toEqual([]);
  writeFileSync(config, `${text}    nonsense\n`);
  await expect(runPass(lastGood, {}, signals)).rejects.toThrow(/the copy stays as it is[\s\S]*nonsense/);
  expect(readFileSync(good, "utf8")).toBe(text);
  writeFileSync(config, text);
});

test("slots run out: more are made ahead of need, by one reload, and nobody moves", async () => {
  const server = await start("many");
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => endpoint("north", `m${index}`, [server.port]));
  await sites.north.serve(many(30));
  const before = await sites.north.observe();
  const actions = await sites.north.serve(many(70));
  expect(lines(actions).some((line) => line.startsWith("reload"))).toBe(true);
  const after = await sites.north.observe();
  for (const [key, { slot }] of Object.entries(before.slots.taken)) expect(after.slots.taken[key]?.slot).toBe(slot);
  expect((await ask(sites.north.ports.https, "m69.demo.lab.example")).status).toBe(200);
});
