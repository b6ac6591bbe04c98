import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { Agent } from "node:https";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAcme, processAuthority, thumbprintOf } from "@zcloud/daemons/acme";
import { certificateReader } from "@zcloud/daemons/haproxy";
import { converse, LocalHost } from "@zcloud/host";
import { runPass, systemClock } from "@zcloud/reconcile";
import { freePorts, type Pebble, startPebble, tempDir } from "@zcloud/testing";
import acme from "acme-client";
import { median, type Row, report } from "./results.ts";

const count = 100;
const concurrency = 20;
/** In turns, so that what else the machine does meets both. */
const rounds = 3;
const target = 1.2;

/** The script that the service starts for its orders, as it is shipped. */
const orderScript = fileURLToPath(new URL("../../../apps/zfront/dist/order.js", import.meta.url));

/** `npm run bench -- certificates`: needs no lab. */
export async function certificates(): Promise<void> {
  report("certificates", [await certificatesRow()]);
}

/**
 * 100 certificates at concurrency 20, from nothing to on disk: all that zFront does for them (preflight, budgets on disk, a
 * process for orders, checks, installation) beside a loop around acme-client's own calls, with the same waits.
 */
export async function certificatesRow(): Promise<Row> {
  const directory = tempDir("zcloud-bench-");
  const ours = newKey();
  writeFileSync(join(directory, "account.key"), ours);
  const answers = new Map<string, string>();
  const [httpPort = 0] = await freePorts(1);
  const challenges = await serveChallenges(httpPort, thumbprintOf(ours), answers);
  const pebble = await startPebble({ directory: join(directory, "pebble"), httpPort });
  writeFileSync(join(directory, "trust.crt"), pebble.trust);
  const seconds = { ours: [] as number[], bare: [] as number[] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      seconds.ours.push(await timed(() => byZcloud(join(directory, `${round}`), directory, pebble, httpPort, round)));
      seconds.bare.push(await timed(() => byAcmeClient(pebble, answers, round)));
      console.log(
        `  ${round + 1}/${rounds}  ${seconds.ours.at(-1)?.toFixed(1)} s, acme-client ${seconds.bare.at(-1)?.toFixed(1)} s`,
      );
    }
  } finally {
    await pebble.stop();
    challenges.close();
  }
  const [mine, peer] = [median(seconds.ours), median(seconds.bare)];
  return {
    measure: "100 certificates from Pebble, concurrency 20",
    ours: mine,
    peer,
    ratio: mine / peer,
    target: `<= ${target} x acme-client's time`,
    holds: mine / peer <= target,
  };
}

/** What the front answers on port 80: our thumbprint, or what acme-client put there. */
function serveChallenges(port: number, thumbprint: string, answers: ReadonlyMap<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    const token = request.url?.split("/").at(-1) ?? "";
    response.end(answers.get(token) ?? `${token}.${thumbprint}`);
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

function newKey(): string {
  return execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], {
    encoding: "utf8",
  });
}

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}

function namesOf(who: string, round: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${who}${round}-${index}.bench.example`);
}

async function byZcloud(state: string, directory: string, pebble: Pebble, port: number, round: number): Promise<void> {
  mkdirSync(join(state, "certs"), { recursive: true });
  const host = new LocalHost();
  const paths = {
    accountKey: join(directory, "account.key"),
    trust: join(directory, "trust.crt"),
    certificates: join(state, "certs"),
    attempts: join(state, "attempts.json"),
    ledger: join(state, "orders.json"),
    renewals: join(state, "renewals.json"),
  };
  const failures: string[] = [];
  const governed = createAcme({
    ...{ host, paths, clock: systemClock, concurrency, resolve: async () => ["127.0.0.1"] },
    have: certificateReader(host, paths.certificates),
    authority: (options) =>
      processAuthority(options, { start: (talk) => converse([process.execPath, orderScript], talk) }),
    tell: ({ kind, subject, reason }) => {
      if (kind === "certificate-failed") failures.push(`${subject}: ${reason}`);
    },
  });
  const names = namesOf("ours", round);
  const door = { host: "127.0.0.1", port, own: true, inside: false };
  const desired = {
    ...{ directory: pebble.directoryUrl, contact: undefined, wanted: names.map((name) => [name]) },
    doors: new Map([["127.0.0.1", door]]),
  };
  const signal = AbortSignal.timeout(300_000);
  await runPass(governed, desired, { read: signal, write: signal });
  await governed.settled();
  const good = (await governed.states(desired)).filter(({ state }) => state === "good");
  await governed.close();
  if (good.length !== count) throw new Error(`${good.length} of ${count} certificates were issued: ${failures[0]}`);
}

/** The library's own calls and nothing else, 20 at a time; certificates stay in memory. */
async function byAcmeClient(pebble: Pebble, answers: Map<string, string>, round: number): Promise<void> {
  const accountKey = newKey();
  const thumbprint = thumbprintOf(accountKey);
  acme.axios.defaults.httpsAgent = new Agent({ keepAlive: true, ca: pebble.trust });
  const waiting = { backoffAttempts: 40, backoffMin: 250, backoffMax: 3_000 };
  const client = new acme.Client({ directoryUrl: pebble.directoryUrl, accountKey, ...waiting });
  await client.createAccount({ termsOfServiceAgreed: true });
  const left = [...namesOf("bare", round)];
  const one = async (): Promise<void> => {
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      const order = await client.createOrder({ identifiers: [{ type: "dns", value: name }] });
      for (const authorization of await client.getAuthorizations(order)) {
        const challenge = authorization.challenges.find(({ type }) => type === "http-01");
        if (challenge === undefined) throw new Error("Pebble offers no http-01");
        answers.set(challenge.token, `${challenge.token}.${thumbprint}`);
        await client.completeChallenge(challenge);
        await client.waitForValidStatus(authorization);
      }
      const key = await acme.crypto.createPrivateEcdsaKey("P-256");
      const [, csr] = await acme.crypto.createCsr({ altNames: [name] }, key);
      await client.getCertificate(await client.finalizeOrder(order, csr));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
}
