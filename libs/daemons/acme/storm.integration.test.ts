import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import { LocalHost } from "@zcloud/host";
import { runPass } from "@zcloud/reconcile";
import { manualClock } from "@zcloud/reconcile/testing";
import { createTestCa, freePorts, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificateReader } from "../haproxy/index.ts";
import { thumbprintOf } from "./account.ts";
import { createAcme } from "./daemon.ts";

const minute = 60_000;
const hour = 60 * minute;
const names = Array.from({ length: 20 }, (_, index) => `n${index}.garden.example`);
const key = execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], {
  encoding: "utf8",
});
let front: Server;
let port: number;
let pem: Map<string, string>;

/** Preflight sees a front that answers; whether the world sees it too is the authority's to say. */
beforeAll(async () => {
  [port = 0] = await freePorts(1);
  const thumbprint = thumbprintOf(key);
  front = createServer((request, response) => response.end(`${request.url?.split("/").at(-1)}.${thumbprint}`));
  await new Promise<void>((resolve) => front.listen(port, "127.0.0.1", resolve));
  const sign = createTestCa(tempDir());
  pem = new Map(
    names.map((name) => {
      const made = sign(name, `DNS:${name}`);
      return [name, made.cert + made.key];
    }),
  );
});

afterAll(() => front.close());

/** The authority, whose view of port 80 is blocked: it refuses, and notes which name and when. */
function authority(clock: { now(): number }) {
  const refusals: { readonly name: string; readonly at: number }[] = [];
  const world = { blocked: true };
  const issue = async ({ names: [name = ""] }: { readonly names: readonly string[] }) => {
    if (!world.blocked) return { ok: true as const, pem: pem.get(name) ?? "" };
    refusals.push({ name, at: clock.now() });
    return {
      ok: false as const,
      kind: "refused" as const,
      reason: "Timeout during connect",
      names: { [name]: "Timeout" },
    };
  };
  return { world, refusals, authority: () => ({ issue, close: async () => {} }) };
}

test("a wrong clock orders nothing and says why; when it is right, orders go on by themselves", async () => {
  const clock = manualClock(Date.now());
  const ca = authority(clock);
  ca.world.blocked = false;
  const host = new LocalHost();
  const state = tempDir();
  const paths = pathsIn(state);
  await host.write(paths.accountKey, key);
  const have = certificateReader(host, paths.certificates);
  const told: string[] = [];
  let fault: string | undefined = "this host's clock is 7200.000 s fast, by 10.64.1.2";
  const acme = createAcme({
    ...{ host, paths, clock, have, authority: ca.authority, resolve: async () => ["127.0.0.1"] },
    tell: ({ reason }) => told.push(reason ?? ""),
    clockFault: async () => fault,
  });
  const pass = async (): Promise<void> => {
    const signal = AbortSignal.timeout(30_000);
    await runPass(acme, desiredOf(names.slice(0, 2)), { read: signal, write: signal });
    await acme.settled();
  };
  await pass();
  expect(await have(clock.now())).toEqual([]);
  expect(told.join()).toContain("7200.000 s fast");
  fault = undefined;
  await clock.advance(10 * minute);
  await pass();
  expect(await have(clock.now())).toHaveLength(2);
  await acme.close();
});

function pathsIn(state: string) {
  return {
    accountKey: `${state}/account.key`,
    trust: `${state}/none`,
    certificates: `${state}/certs`,
    attempts: `${state}/attempts.json`,
    ledger: `${state}/orders.json`,
    renewals: `${state}/renewals.json`,
  };
}

function desiredOf(wanted: readonly string[]) {
  const door = { host: "127.0.0.1", port, own: true, inside: false };
  return {
    ...{ directory: "https://acme-v02.api.letsencrypt.org/directory", contact: undefined },
    ...{ wanted: wanted.map((name) => [name]), doors: new Map([["127.0.0.1", door]]) },
  };
}

test("port 80 blocked for a day, 20 names at both sites, restarted every hour: under 5 refusals a name and hour, and it heals by itself", async () => {
  const clock = manualClock(Date.now());
  const ca = authority(clock);
  const host = new LocalHost();
  const site = (state: string) => {
    const paths = pathsIn(state);
    const have = certificateReader(host, paths.certificates);
    const start = () =>
      createAcme({
        ...{ host, paths, clock, have, authority: ca.authority, resolve: async () => ["127.0.0.1"], tell: () => {} },
      });
    return { paths, have, start, running: start() };
  };
  const sites = [site(tempDir()), site(tempDir())];
  for (const { paths } of sites) await host.write(paths.accountKey, key);
  const desired = desiredOf(names);
  const turn = async (ms: number): Promise<void> => {
    const signal = AbortSignal.timeout(30_000);
    for (const { running } of sites) {
      await runPass(running, desired, { read: signal, write: signal });
      await running.settled();
    }
    await clock.advance(ms);
  };
  for (let at = 0; at < 24 * hour; at += 10 * minute) {
    if (at % hour === 0) {
      for (const one of sites) {
        await one.running.close();
        one.running = one.start();
      }
    }
    // An operator who loses patience does not break it either.
    if (at % (2 * hour) === 0) await sites[0]?.running.retry(names[0] ?? "", desired);
    await turn(10 * minute);
  }
  expect(ca.refusals.length).toBeGreaterThan(names.length);
  for (const name of names) {
    const times = ca.refusals.flatMap((one) => (one.name === name ? [one.at] : []));
    expect(times.length).toBeGreaterThan(4);
    for (const time of times) {
      expect(times.filter((other) => other >= time && other < time + hour).length).toBeLessThan(5);
    }
  }
  ca.world.blocked = false;
  for (let at = 0; at < 36 * hour; at += 30 * minute) await turn(30 * minute);
  for (const { have } of sites)
    expect((await have(clock.now())).map(({ name }) => name).sort()).toEqual([...names].sort());
});
