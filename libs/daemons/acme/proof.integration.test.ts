import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { runPass, systemClock } from "@zcloud/reconcile";
import { createTestCa, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificateReader } from "../haproxy/index.ts";
import { endpoint, type TwoFronts, twoFronts } from "../haproxy/two-fronts.test-support.ts";
import { thumbprintOf } from "./account.ts";
import { createAcme } from "./daemon.ts";
import { certificateFiles } from "./install.ts";
import { fingerprintOf } from "./issued.ts";
import type { CertificateEvent } from "./orders.ts";
import { proveAtDoor } from "./proof.ts";

const name = "a.demo.lab.example";
const names = [name, "b.demo.lab.example"];
const state = tempDir();
let sites: TwoFronts;
let sign: ReturnType<typeof createTestCa>;
let key: string;

beforeAll(async () => {
  sign = createTestCa(tempDir());
  key = sign("account", "DNS:account").key;
  sites = await twoFronts(thumbprintOf(key));
  writeFileSync(join(state, "account.key"), key);
  await Promise.all([serve(), sites.south.serve([])]);
});

afterAll(() => sites?.remove());

const serve = () => sites.north.serve([endpoint("north", "a", [1], { names })]);
const files = () => certificateFiles(sites.north.settings.paths.certificates, name);

/** The PEM that an authority would issue. */
function certificate(serial: string): string {
  const { cert, key: own } = sign(`of ${serial}`, ...names.map((one) => `DNS:${one}`));
  return cert + own;
}

/** North's certificates; `installs`: its front loads what comes to disk, as its loop does. */
function world({ issued, installs }: { readonly issued: () => string; readonly installs: boolean }) {
  const host = new LocalHost();
  const paths = {
    accountKey: join(state, "account.key"),
    trust: join(state, "none"),
    certificates: sites.north.settings.paths.certificates,
    attempts: join(state, "attempts.json"),
    ledger: join(state, "orders.json"),
    renewals: join(state, "renewals.json"),
  };
  const events: CertificateEvent[] = [];
  let orders = 0;
  const running = createAcme({
    ...{ host, paths, have: certificateReader(host, paths.certificates), resolve: async () => ["127.0.0.1"] },
    // Everything held is due.
    clock: { ...systemClock, now: () => Date.now() + 25 * 86_400_000 },
    tell: (event) => events.push(event),
    authority: () => ({
      close: async () => {},
      issue: async () => {
        orders += 1;
        return { ok: true, pem: issued() };
      },
    }),
    prove: (proof) => proveAtDoor(proof, installs ? 20_000 : 500),
  });
  let loading = Promise.resolve<unknown>(undefined);
  if (installs)
    running.onChange(() => {
      loading = loading.then(serve);
    });
  const own = { host: "127.0.0.1", port: sites.north.ports.https };
  const desired = {
    ...{ directory: "https://ca.example/dir", contact: undefined, wanted: [names] },
    doors: new Map([["127.0.0.1", { host: "127.0.0.1", port: sites.north.ports.http, own: true, inside: false }]]),
    front: { own, peer: { host: "127.0.0.1", port: sites.south.ports.https } },
  };
  const pass = async (): Promise<void> => {
    const signal = AbortSignal.timeout(40_000);
    await runPass(running, desired, { read: signal, write: signal });
    await running.settled();
    await loading;
  };
  return { events, pass, running, desired, orders: () => orders };
}

const shown = async (): Promise<string> => {
  const { running } = await sites.north.observe();
  return running?.certificates.fingerprints.get(files().pem) ?? "";
};
const fingerprint = async (pem: string): Promise<string> => {
  const { X509Certificate } = await import("node:crypto");
  return fingerprintOf(new X509Certificate(pem));
};

test("issued, installed without a reload, and proved by handshakes at the front door; the peer's placeholder is told", async () => {
  const first = certificate("first");
  const { events, pass, orders } = world({ issued: () => first, installs: true });
  const before = (await sites.north.observe()).running?.pid;
  await pass();
  expect(await shown()).toBe(await fingerprint(first));
  expect((await sites.north.observe()).running?.pid).toBe(before);
  expect([existsSync(files().fresh), existsSync(files().previous), orders()]).toEqual([false, false, 1]);
  expect(events).toEqual([
    {
      ...{ kind: "certificate-proved", level: "info", subject: name },
      reason: "our front door shows it; the other site: it shows a placeholder",
    },
  ]);
});

test("a front door that does not show the new one: the old one is back, nothing was lost, and a later proof needs no other order", async () => {
  const first = readFileSync(files().pem, "utf8");
  const second = certificate("second");
  const stuck = world({ issued: () => second, installs: false });
  await stuck.pass();
  expect(stuck.orders()).toBe(1);
  expect(stuck.events.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    `certificate-rolled-back ${name}`,
    ...names.map((one) => `certificate-failed ${one}`),
    // A sixth of its life is left, by this clock.
    `certificate-expiring ${name}`,
  ]);
  expect(stuck.events[0]?.reason).toMatch(/does not show the new certificate .*; the one before serves again$/);
  expect(readFileSync(files().pem, "utf8")).toBe(first);
  await serve();
  expect(await shown()).toBe(await fingerprint(first));
  expect(stuck.running.attempts()[name]?.kind).toBe("unproved");
  // It waits for its turn, also after a restart.
  const again = world({ issued: () => second, installs: true });
  await again.pass();
  expect([again.orders(), await shown()]).toEqual([0, await fingerprint(first)]);
  for (const one of names) await again.running.retry(one, again.desired);
  await again.pass();
  expect([again.orders(), await shown()]).toEqual([0, await fingerprint(second)]);
  expect(again.events.map(({ kind }) => kind)).toEqual(["certificate-proved"]);
  expect(again.running.attempts()).toEqual({});
});

test("the power goes while a certificate is proved: after the start it is proved, or taken back, without an order", async () => {
  const second = readFileSync(files().pem, "utf8");
  const third = certificate("third");
  // What stands there at that moment: the new one in place, the one before kept.
  writeFileSync(files().previous, second);
  writeFileSync(files().fresh, third);
  cpSync(files().fresh, files().pem);
  sites.north.stop();
  sites.north.start();
  const { events, pass, orders } = world({ issued: () => third, installs: true });
  await serve();
  await pass();
  expect([orders(), await shown()]).toEqual([0, await fingerprint(third)]);
  expect(events.map(({ kind }) => kind)).toEqual(["certificate-proved"]);
  expect([existsSync(files().fresh), existsSync(files().previous)]).toEqual([false, false]);
});
