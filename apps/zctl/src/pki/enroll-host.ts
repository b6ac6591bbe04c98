import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { createUser, fromSeed } from "@nats-io/nkeys";
import type { Host } from "@zcloud/host";
import * as z from "zod";
import { type Enrolled, places } from "./enrolled.ts";
import { thumbprint } from "./thumbprint.ts";

export interface EnrollRequest {
  /** `north/zfront`. */
  readonly id: string;
  readonly fqdn: string;
  /** Make an ACME account key if there is none: at the first front only, the second gets a copy. */
  readonly acme: boolean;
}

const Identity = z.looseObject({ id: z.string() });

/** Runs on the host itself: makes what is missing, keeps what is there, tells the public parts. */
export async function enrollHost(host: Host, request: EnrollRequest): Promise<Enrolled> {
  await identify(host, request.id);
  const made: string[] = [];
  const key = await keep(host, places.hostKey, newEcKey, made);
  const seed = await keep(host, places.busSeed, newSeed, made);
  if (request.acme) await keep(host, places.acmeAccount, newEcKey, made);
  const account = await host.read(places.acmeAccount);
  return {
    v: 1,
    csr: await certificateRequest(host, request.fqdn),
    publicKey: String(createPublicKey(key).export({ type: "spki", format: "pem" })),
    nkey: fromSeed(new TextEncoder().encode(seed.trim())).getPublicKey(),
    certificate: (await host.read(places.hostCertificate)) ?? null,
    ca: (await host.read(places.ca)) ?? null,
    acmeThumbprint: account === undefined ? null : thumbprint(account),
    made,
  };
}

/** A host knows its name; keys made under a wrong one would let it speak for another. */
async function identify(host: Host, id: string): Promise<void> {
  const text = await host.read(places.identity);
  if (text === undefined) {
    await host.write(places.identity, `${JSON.stringify({ id })}\n`);
    return;
  }
  const said = Identity.safeParse(JSON.parse(text));
  if (!said.success || said.data.id !== id) {
    const other = said.success ? said.data.id : "something unreadable";
    throw new Error(`enroll ${id}: ${places.identity} says ${other}; is the address of another host in the map?`);
  }
}

async function keep(host: Host, path: string, make: () => string, made: string[]): Promise<string> {
  const there = await host.read(path);
  if (there !== undefined) return there;
  const fresh = make();
  await host.write(path, fresh, { mode: 0o600 });
  made.push(path.slice(path.lastIndexOf("/") + 1));
  return fresh;
}

function newEcKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

function newSeed(): string {
  return `${new TextDecoder().decode(createUser().getSeed())}\n`;
}

async function certificateRequest(host: Host, fqdn: string): Promise<string> {
  const made = await host.run(["openssl", "req", "-new", "-sha256", "-key", places.hostKey, "-subj", `/CN=${fqdn}`]);
  if (made.status !== 0) throw new Error(`make a certificate request: openssl: ${made.stderr.trim()}`);
  return made.stdout;
}
