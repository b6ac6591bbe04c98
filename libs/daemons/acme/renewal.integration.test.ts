import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import { LocalHost } from "@zcloud/host";
import { type Clock, runPass, systemClock } from "@zcloud/reconcile";
import { freePorts, type Pebble, startPebble, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificateReader } from "../haproxy/index.ts";
import { thumbprintOf } from "./account.ts";
import { createAuthority, type OrderRequest } from "./authority.ts";
import { createAcme } from "./daemon.ts";
import type { Renewals } from "./renewal.ts";

const day = 86_400_000;
const key = execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], {
  encoding: "utf8",
});
let front: Server;
let httpPort: number;
const started: Pebble[] = [];

beforeAll(async () => {
  [httpPort = 0] = await freePorts(1);
  const thumbprint = thumbprintOf(key);
  front = createServer((request, response) => response.end(`${request.url?.split("/").at(-1)}.${thumbprint}`));
  await new Promise<void>((resolve) => front.listen(httpPort, "127.0.0.1", resolve));
});

afterAll(async () => {
  front.close();
  for (const pebble of started) await pebble.stop();
});

/** A site with an authority whose certificates are valid for so many seconds. */
async function world(validity: number, clock: Clock) {
  const pebble = await startPebble({ directory: tempDir(), httpPort, validity });
  started.push(pebble);
  const state = tempDir();
  const paths = {
    accountKey: `${state}/account.key`,
    trust: `${state}/trust.crt`,
    certificates: `${state}/certs`,
    attempts: `${state}/attempts.json`,
    ledger: `${state}/orders.json`,
    renewals: `${state}/renewals.json`,
  };
  const host = new LocalHost();
  await host.write(paths.accountKey, key);
  await host.write(paths.trust, pebble.trust);
  const have = certificateReader(host, paths.certificates);
  const asked: OrderRequest[] = [];
  const failures: string[] = [];
  const running = createAcme({
    ...{ host, paths, clock, have, resolve: async () => ["127.0.0.1"] },
    authority: (options) => {
      const { issue, close } = createAuthority(options);
      return { close, issue: (order) => issue(asked[asked.push(order) - 1] ?? order) };
    },
    tell: ({ kind, reason }) => {
      if (kind === "certificate-failed") failures.push(reason);
    },
  });
  const door = { host: "127.0.0.1", port: httpPort, own: true, inside: false };
  const desired = {
    ...{ directory: pebble.directoryUrl, contact: undefined, wanted: [["a.garden.example", "b.garden.example"]] },
    doors: new Map([["127.0.0.1", door]]),
  };
  const turn = async (): Promise<void> => {
    const signal = AbortSignal.timeout(30_000);
    await runPass(running, desired, { read: signal, write: signal });
    await running.settled();
    await runPass(running.renewals, desired, { read: signal, write: signal });
  };
  const renewals = async () => JSON.parse((await host.read(paths.renewals)) ?? "{}") as Renewals;
  return { pebble, turn, asked, failures, have, renewals, states: () => running.states(desired) };
}

test("the authority is asked when to renew, it is done then, and the order says what it follows", async () => {
  let ahead = 0;
  const clock = { ...systemClock, now: () => Date.now() + ahead };
  const { turn, asked, failures, renewals, states, pebble } = await world(30 * 86_400, clock);
  await turn();
  expect((await states())[0]?.why).toBe("third");
  ahead = 10 * 60_000;
  await turn();
  const told = (await renewals())["a.garden.example"];
  // Pebble's window is a day around two thirds of the life.
  const ideal = Date.now() + 20 * day;
  expect(Math.abs((told?.window?.start ?? 0) - (ideal - day))).toBeLessThan(60_000);
  expect(told?.at).toBeGreaterThanOrEqual(told?.window?.start ?? Infinity);
  expect(told?.at).toBeLessThanOrEqual(told?.window?.end ?? 0);
  const [state] = await states();
  expect([state?.state, state?.why, state?.nextAt]).toEqual(["good", "authority", told?.at]);
  ahead = (told?.at ?? 0) - Date.now() - 60_000;
  await turn();
  expect(asked).toHaveLength(1);
  ahead += 120_000;
  await turn();
  expect(failures).toEqual([]);
  expect(asked.map(({ replaces }) => replaces)).toEqual([undefined, told?.id]);
  expect(pebble.said()).toContain("replacement");
  expect((await states())[0]?.held?.names).toEqual(["a.garden.example", "b.garden.example"]);
});

test("certificates of twelve seconds are renewed in time, again and again", async () => {
  const { turn, have, failures } = await world(12, systemClock);
  const seen = new Set<string>();
  const until = Date.now() + 30_000;
  while (seen.size < 3) {
    await turn();
    const [held] = await have(Date.now());
    if (seen.size > 0) expect(held).toBeDefined();
    if (held !== undefined) seen.add(held.fingerprint);
    expect(Date.now()).toBeLessThan(until);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(failures).toEqual([]);
});
