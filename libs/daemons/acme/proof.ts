import type { X509Certificate } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { fingerprintOf } from "./issued.ts";

/** Where a front answers visitors. */
export interface FrontDoor {
  readonly host: string;
  readonly port: number;
}

export interface Proof {
  readonly name: string;
  readonly names: readonly string[];
  /** Of the certificate that is to be shown. */
  readonly fingerprint: string;
  /** Fingerprints of others that may be shown instead, by name. */
  readonly others: ReadonlyMap<string, readonly string[]>;
  readonly own: FrontDoor;
  readonly signal: AbortSignal;
}

export type Proved = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Milliseconds: for a handshake; between two looks; for the front door to show a certificate that came to disk. */
const patience = { handshake: 3_000, pause: 100, total: 30_000 } as const;

/** Whether our own front door shows a new certificate for each of its names, which it does within a moment of its coming to disk. */
export async function proveAtDoor(proof: Proof, total: number = patience.total): Promise<Proved> {
  const { names, fingerprint, others, own, signal } = proof;
  const until = performance.now() + total;
  for (const name of names) {
    const good = [fingerprint, ...(others.get(name) ?? [])];
    for (;;) {
      const seen = await look(own, name);
      if (seen.ok && good.includes(fingerprintOf(seen.certificate))) break;
      const shown = seen.ok ? `another certificate, of ${seen.certificate.issuer.replaceAll("\n", ", ")}` : seen.reason;
      if (signal.aborted || performance.now() >= until)
        return { ok: false, reason: `our front door does not show the new certificate for ${name} (${shown})` };
      await sleep(patience.pause);
    }
  }
  return { ok: true };
}

/** Whether the other site's front shows visitors a certificate that is valid for this name: its own, not ours. */
export async function validAtDoor(door: FrontDoor, name: string, now: number): Promise<Proved> {
  const seen = await look(door, name);
  if (!seen.ok) return seen;
  const { certificate } = seen;
  if (certificate.issuer === certificate.subject) return { ok: false, reason: "it shows a placeholder" };
  if (certificate.checkHost(name, { subject: "never" }) === undefined)
    return { ok: false, reason: `it shows a certificate for ${certificate.subjectAltName ?? "nobody"}` };
  if (Date.parse(certificate.validTo) <= now)
    return { ok: false, reason: `its certificate ended ${certificate.validTo}` };
  return { ok: true };
}

type Seen =
  | { readonly ok: true; readonly certificate: X509Certificate }
  | { readonly ok: false; readonly reason: string };

/** What a front shows to a visitor who asks for a name. Whether to trust it is not asked: a test authority is nobody's. */
function look({ host, port }: FrontDoor, name: string): Promise<Seen> {
  return new Promise((resolve) => {
    const timeout = patience.handshake;
    const socket = connect({ host, port, servername: name, rejectUnauthorized: false, timeout }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      resolve(certificate === undefined ? { ok: false, reason: "it shows none" } : { ok: true, certificate });
    });
    socket.on("timeout", () => socket.destroy(new Error(`no answer within ${timeout} ms`)));
    socket.on("error", (error) => resolve({ ok: false, reason: error.message }));
  });
}
