import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { converse, LocalHost } from "@zcloud/host";
import { runPass, systemClock } from "@zcloud/reconcile";
import { eventually, freePorts, type Pebble, startPebble } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { certificateReader } from "../haproxy/index.ts";
import { endpoint, type TwoFronts, twoFronts } from "../haproxy/two-fronts.test-support.ts";
import { createAuthority } from "./authority.ts";
import { type AcmeOptions, createAcme } from "./daemon.ts";
import { type Door, processAuthority, thumbprintOf } from "./index.ts";
import type { DesiredCertificates } from "./model.ts";

let sites: TwoFronts;
let pebble: Pebble;
let directory: string;
let accountKey: string;
const failed: string[] = [];
/** The service's bundle is JavaScript; here the process must learn to read TypeScript first. */
const order = [process.execPath, "--import", "tsx", fileURLToPath(new URL("./order.test-support.ts", import.meta.url))];

/** Pebble asks port 80 of each name at south's front, while north orders. */
beforeAll(async () => {
  accountKey = execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], {
    encoding: "utf8",
  });
  sites = await twoFronts(thumbprintOf(accountKey));
  directory = sites.directory;
  await Promise.all([sites.north.serve([]), sites.south.serve([])]);
  pebble = await startPebble({ directory: join(directory, "pebble"), httpPort: sites.south.ports.http });
  writeFileSync(join(directory, "trust.crt"), pebble.trust);
  writeFileSync(join(directory, "account.key"), accountKey);
});

afterAll(async () => {
  await pebble?.stop();
  sites?.remove();
});

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(url, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    sent.on("error", () => resolve(false));
    sent.end();
  });
}

function acme(authority: AcmeOptions["authority"] = createAuthority) {
  const paths = {
    accountKey: join(directory, "account.key"),
    certificates: sites.north.settings.paths.certificates,
    attempts: join(directory, "attempts.json"),
    ledger: join(directory, "orders.json"),
    renewals: join(directory, "renewals.json"),
    trust: join(directory, "trust.crt"),
  };
  const host = new LocalHost();
  const have = certificateReader(host, paths.certificates);
  const resolve = async (name: string) => (name.startsWith("nowhere") ? [] : ["198.51.100.10", "203.0.113.10"]);
  const tell: AcmeOptions["tell"] = ({ kind, subject }) => {
    if (kind === "certificate-failed") failed.push(subject);
  };
  return createAcme({ host, paths, clock: systemClock, have, resolve, authority, tell });
}

function desired(names: readonly string[], doors?: ReadonlyMap<string, Door>): DesiredCertificates {
  const both = new Map([
    ["198.51.100.10", { host: "127.0.0.1", port: sites.north.ports.http, own: true, inside: false }],
    ["203.0.113.10", { host: "127.0.0.1", port: sites.south.ports.http, own: false, inside: false }],
  ]);
  return {
    directory: pebble.directoryUrl,
    contact: "hostmaster@lab.example",
    wanted: names.map((name) => [name]),
    doors: doors ?? both,
  };
}

test("100 of 100 names are issued although every challenge goes to the other site, and installed without a reload", async () => {
  const one = acme();
  const names = Array.from({ length: 100 }, (_, index) => `n${index}.demo.lab.example`);
  const signal = AbortSignal.timeout(50_000);
  const started = performance.now();
  for (let held = 0; held < names.length; ) {
    await runPass(one, desired(names), { read: signal, write: signal });
    await one.settled();
    held = (await one.states(desired(names))).filter(({ state }) => state === "good").length;
  }
  const took = performance.now() - started;
  expect(failed).toEqual([]);
  const before = (await sites.north.observe()).running?.pid;
  const tens = Array.from({ length: 10 }, (_, index) => names.slice(10 * index, 10 * index + 10));
  await sites.north.serve(tens.map((some, index) => endpoint("north", `n${index}`, [1], { names: some })));
  const { running } = await sites.north.observe();
  expect(running?.pid).toBe(before);
  expect(running?.certificates.list).toHaveLength(100);
  expect([...sites.north.installed].sort()).toEqual([...names].sort());
  const path = `${sites.north.settings.paths.certificates}/n0.demo.lab.example.pem`;
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toContain("PRIVATE KEY");
  expect(await runPass(one, desired(names), { read: signal, write: signal })).toEqual([]);
  console.info("100 certificates from Pebble, challenges at the other site:", Math.round(took), "ms");
});

test("orders are made by a process of their own", async () => {
  const one = acme((options) => processAuthority(options, { start: (talk) => converse(order, talk) }));
  const signal = AbortSignal.timeout(50_000);
  const names = ["t0.demo.lab.example", "t1.demo.lab.example"];
  await runPass(one, desired(names), { read: signal, write: signal });
  await one.settled();
  expect(one.attempts()).toEqual({});
  expect((await one.states(desired(names))).map(({ state }) => state)).toEqual(["good", "good"]);
  await one.close();
});

test("a process that breaks is a failure of its order, and says why", async () => {
  const authority = processAuthority(
    { directory: pebble.directoryUrl, contact: undefined, accountKey, trust: undefined },
    { start: (talk) => converse([process.execPath, "no-such-file.js"], talk) },
  );
  expect(await authority.issue({ names: ["t2.demo.lab.example"] })).toEqual({
    ok: false,
    kind: "directory",
    reason: expect.stringMatching(/^the process that orders certificates ended with 1: Error: Cannot find module/),
  });
});

test("names of a route share a certificate; one that is not ready holds up nobody and joins when it is", async () => {
  const signal = AbortSignal.timeout(50_000);
  const route = ["g1.demo.lab.example", "g2.demo.lab.example", "nowhere.demo.lab.example"];
  const one = acme();
  await runPass(one, { ...desired([]), wanted: [route] }, { read: signal, write: signal });
  await one.settled();
  const [state] = await one.states({ ...desired([]), wanted: [route] });
  expect(state?.held?.names).toEqual(route.slice(0, 2));
  expect(state?.failures.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["nowhere.demo.lab.example preflight"]);
  expect(state?.state).toBe("failing");
  const added = [...route.slice(0, 2), "g0.demo.lab.example"];
  await runPass(one, { ...desired([]), wanted: [added] }, { read: signal, write: signal });
  await one.settled();
  const [later] = await one.states({ ...desired([]), wanted: [added] });
  expect([later?.name, later?.state, [...(later?.held?.names ?? [])].sort()]).toEqual([
    ...["g1.demo.lab.example", "good"],
    added.sort(),
  ]);
});

test("a name that is not ours and a door that does not answer cost the authority nothing; a restart remembers", async () => {
  let asked = 0;
  const issue = async () => {
    asked += 1;
    return { ok: false, kind: "directory", reason: "asked" } as const;
  };
  const one = acme(() => ({ issue, close: async () => {} }));
  const signal = AbortSignal.timeout(20_000);
  failed.length = 0;
  const [nobody = 0] = await freePorts(1);
  const shut = new Map([
    ["198.51.100.10", { host: "127.0.0.1", port: nobody, own: true, inside: false }],
    ["203.0.113.10", { host: "127.0.0.1", port: sites.south.ports.http, own: false, inside: false }],
  ]);
  await runPass(one, desired(["shut.demo.lab.example"], shut), { read: signal, write: signal });
  await one.settled();
  const elsewhere = new Map([
    ["198.51.100.10", { host: "127.0.0.1", port: sites.north.ports.http, own: true, inside: false }],
  ]);
  await runPass(one, desired(["moved.demo.lab.example"], elsewhere), { read: signal, write: signal });
  await one.settled();
  expect(asked).toBe(0);
  expect(failed.sort()).toEqual(["moved.demo.lab.example", "shut.demo.lab.example"]);
  expect(one.attempts()["moved.demo.lab.example"]?.reason).toMatch(/203\.0\.113\.10, which is not ours/);
  expect(one.attempts()["shut.demo.lab.example"]?.reason).toMatch(/our front does not answer/);
  const restarted = acme();
  expect(await runPass(restarted, desired(["shut.demo.lab.example"]), { read: signal, write: signal })).toEqual([]);
});

test("a validation that fails at the authority is not tried again soon, or once if an operator asks; a restart remembers", async () => {
  const one = acme();
  const signal = AbortSignal.timeout(40_000);
  // Preflight asks north, the authority asks south, which does not run.
  sites.south.stop();
  await eventually("south is gone", async () => !(await answers(`https://127.0.0.1:${sites.south.ports.https}/`)));
  const doors = new Map(
    ["198.51.100.10", "203.0.113.10"].map((address) => {
      return [address, { host: "127.0.0.1", port: sites.north.ports.http, own: true, inside: false }] as const;
    }),
  );
  await runPass(one, desired(["refused.demo.lab.example"], doors), { read: signal, write: signal });
  await one.settled();
  const attempt = one.attempts()["refused.demo.lab.example"];
  expect(attempt?.kind).toBe("refused");
  expect((attempt?.nextAt ?? 0) - (attempt?.at ?? 0)).toBeGreaterThan(2_000_000);

  const wanted = desired(["refused.demo.lab.example"]);
  const again = acme();
  expect((await again.states(wanted)).map(({ state }) => state)).toEqual(["failing"]);
  let woken = 0;
  again.onChange(() => {
    woken += 1;
  });
  expect(await again.retry("refused.demo.lab.example", wanted)).toEqual({ kind: "now", failedAt: attempt?.at });
  expect(woken).toBe(1);
  await runPass(again, desired(["refused.demo.lab.example"], doors), { read: signal, write: signal });
  await again.settled();
  expect(again.attempts()["refused.demo.lab.example"]?.refusals).toHaveLength(2);
  const forbidden = await acme().retry("refused.demo.lab.example", wanted);
  expect(forbidden).toEqual({ kind: "forbidden", until: (attempt?.at ?? 0) + 3_600_000 });
});
