import type { Host } from "@zcloud/host";
import type { Clock } from "@zcloud/reconcile";
import { type FailureKind, noteFailure, noteSuccess } from "./attempts.ts";
import type { Authority, Issued } from "./authority.ts";
import { certificateFiles, install, type Proven } from "./install.ts";
import { checkIssued } from "./issued.ts";
import { charge, type Entry, type Ledger, room, settle } from "./ledger.ts";
import { limitsOf } from "./limits.ts";
import type { Memory } from "./memory.ts";
import type { AcmePaths, DesiredCertificates, HeldCertificate, WantedCertificate } from "./model.ts";
import { type Order, sameNames } from "./plan.ts";
import { preflight } from "./preflight.ts";
import { type Proof, type Proved, proveAtDoor, validAtDoor } from "./proof.ts";
import { createTurns } from "./turns.ts";

/** What happened to a certificate. */
export interface CertificateEvent {
  readonly kind: "certificate-failed" | "certificate-proved" | "certificate-rolled-back" | "certificate-expiring";
  readonly level: "info" | "warning" | "error";
  /** A name. */
  readonly subject: string;
  readonly reason: string;
}

/** How an order ended, or why there was none. */
export type OrderResult = "issued" | "unproved" | FailureKind;

/** Who orders, and where. */
export type OrderContext = Omit<DesiredCertificates, "wanted">;

export interface OrdersOptions {
  readonly host: Host;
  readonly paths: AcmePaths;
  readonly clock: Clock;
  readonly memory: Memory;
  readonly have: (now: number) => Promise<readonly HeldCertificate[]>;
  readonly authorityFor: {
    of(from: OrderContext): Promise<{ readonly client: Authority; readonly thumbprint: string } | undefined>;
    close(): Promise<void>;
  };
  readonly random: () => number;
  /** Orders at the same time; 20 by default. */
  readonly concurrency?: number;
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** Why this host's dates can't be relied on; nothing is ordered then. */
  readonly clockFault?: (() => Promise<string | undefined>) | undefined;
  /** Whether our front door shows a certificate; asks it by default. */
  readonly prove?: (proof: Proof) => Promise<Proved>;
  /** A failure is told when its reason is another than before. */
  readonly tell: (event: CertificateEvent) => void;
  readonly counted?: (result: OrderResult) => void;
  /** What is on disk has changed. */
  readonly changed: () => void;
}

export interface Orders {
  /** Never rejects: what goes wrong is noted. */
  order(order: Order, from: OrderContext): Promise<void>;
  /** Goes on where the one before has ended: with a certificate that is issued. */
  prove(certificate: WantedCertificate, from: OrderContext): Promise<void>;
  /** Ids in the ledger, also of those queued. */
  underWay(): readonly string[];
  /** Orders that are not in the ledger yet. */
  queued(): Ledger;
  close(): Promise<void>;
}

/** Preflight failures of the other site's door after which an order is made all the same: it may be gone for good. */
const softLimit = 8;

/** Makes orders, one at a time for each certificate, and brings what was issued to the front door. */
export function createOrders(options: OrdersOptions): Orders {
  const { host, paths, clock, memory, random, tell } = options;
  const underWay = new Set<string>();
  const queue = new Map<string, Entry>();
  const turns = createTurns(options.concurrency ?? 20);
  const closing = new AbortController();
  let recent: { readonly at: number; readonly have: ReturnType<OrdersOptions["have"]> } | undefined;
  /** Fingerprints of certificates of which it was said that they end soon. */
  const expiring = new Set<string>();

  /** What is on disk, as of a second ago at most: a look at thousands of files takes its time, and orders come by the hundred. */
  function haveNow(): ReturnType<OrdersOptions["have"]> {
    const at = performance.now();
    if (recent === undefined || at - recent.at > 1_000) recent = { at, have: options.have(clock.now()) };
    return recent.have;
  }

  async function order(wanted: Order, from: OrderContext): Promise<void> {
    const { name, names, renewal } = wanted;
    const id = `${name} ${clock.now()} ${random()}`;
    queue.set(id, { id, at: clock.now(), names, renewal });
    const end = await turns.take();
    try {
      const issued = await obtain(wanted, id, from);
      if (issued) await bring(wanted, from);
    } catch (error) {
      await fail("directory", reasons(names, error instanceof Error ? error.message : String(error)));
    } finally {
      queue.delete(id);
      end();
    }
  }

  async function obtain({ name, names, ...how }: Order, id: string, from: OrderContext): Promise<boolean> {
    const fault = await options.clockFault?.();
    if (fault !== undefined) {
      await fail("preflight", reasons(names, fault));
      return false;
    }
    const authority = await options.authorityFor.of(from);
    if (authority === undefined) {
      await fail("preflight", reasons(names, `there is no ${paths.accountKey}; run zctl pki`));
      return false;
    }
    const ready = await readyNames(names, from, authority.thumbprint);
    const held = (await haveNow()).find((one) => one.name === name);
    const gains = how.why !== "other names" || ready.some((one) => !held?.names.includes(one));
    if (ready.length === 0 || !gains) return false;
    const entry = {
      id,
      at: clock.now(),
      names: ready,
      renewal: held !== undefined && sameNames(ready, held.names),
    };
    const limits = limitsOf(from.directory);
    const free = room(memory.now().ledger, limits, entry, entry.at);
    if (!free.ok) {
      const reason = `this site's share of the budget for ${free.limit.id} ${free.of} is used up`;
      await fail("limited", reasons(ready, reason), free.until);
      return false;
    }
    underWay.add(entry.id);
    queue.delete(id);
    try {
      await memory.put("ledger", charge(memory.now().ledger, entry, limits));
      const { replaces } = how;
      const issued = checked(await authority.client.issue({ names: ready, replaces, profile: from.profile }), ready);
      if (issued.ok) await host.write(certificateFiles(paths.certificates, name).fresh, issued.pem, { mode: 0o600 });
      else await failed(issued, ready);
      const outcome = issued.ok ? "issued" : issued.kind === "refused" ? "refused" : "failed";
      await memory.put("ledger", settle(memory.now().ledger, entry.id, outcome));
      if (issued.ok) options.counted?.("issued");
      return issued.ok;
    } finally {
      underWay.delete(entry.id);
    }
  }

  /** A certificate that is not what was ordered is none. */
  function checked(issued: Issued, names: readonly string[]): Issued {
    const found = issued.ok ? checkIssued(issued.pem, names, clock.now()) : undefined;
    if (found?.ok !== false) return issued;
    return { ok: false, kind: "directory", reason: `what the authority issued is no good: ${found.reason}` };
  }

  /** Those that the authority would find to be ours. */
  async function readyNames(names: readonly string[], { doors }: OrderContext, thumbprint: string) {
    const resolve = options.resolve === undefined ? {} : { resolve: options.resolve };
    const now = clock.now();
    const failures: Record<string, string> = {};
    const ready = await Promise.all(
      names.map(async (name) => {
        const found = await preflight(name, { doors, thumbprint, ...resolve });
        const before = memory.now().attempts[name];
        const patient = before?.kind === "preflight" && before.failures >= softLimit;
        if (found.ok || (found.soft && patient)) return [name];
        // Its turn had not come; it was only tried together with others.
        if (before === undefined || before.nextAt <= now) failures[name] = found.reason;
        return [];
      }),
    );
    if (Object.keys(failures).length > 0) await fail("preflight", failures);
    return ready.flat();
  }

  async function failed(issued: Extract<Issued, { ok: false }>, names: readonly string[]): Promise<void> {
    const { kind, reason, retryAfter } = issued;
    const until = retryAfter === undefined ? undefined : clock.now() + retryAfter;
    const named = Object.entries(issued.names ?? {}).filter(([name]) => names.includes(name));
    // It says which names it does not want; the others are ordered again without them.
    if (named.length > 0) await fail("refused", Object.fromEntries(named), until);
    else await fail(kind, reasons(names, reason), until);
  }

  async function prove({ name, names }: WantedCertificate, from: OrderContext): Promise<void> {
    try {
      await bring({ name, names }, from);
    } catch (error) {
      await fail("unproved", reasons(names, error instanceof Error ? error.message : String(error)));
    }
  }

  async function bring({ name, names }: WantedCertificate, from: OrderContext): Promise<void> {
    const others = (await haveNow()).filter((one) => one.name !== name);
    const done = await install({
      host,
      directory: paths.certificates,
      name,
      now: clock.now(),
      changed: options.changed,
      prove: (fingerprint, shown) => proved(name, shown, fingerprint, from),
      left: (before, after) =>
        before.filter((one) => !after.includes(one) && !others.some((other) => other.names.includes(one))),
    });
    if (done.kind === "none") return;
    if (done.kind === "unproved") {
      if (done.back) {
        const reason = `${done.reason}; the one before serves again`;
        tell({ kind: "certificate-rolled-back", level: "warning", subject: name, reason });
      }
      return fail("unproved", reasons(names, done.reason));
    }
    await memory.put("attempts", noteSuccess(memory.now().attempts, done.names));
    await askLater(name, done.fingerprint);
    await removeSuperseded(name, done);
    const peer = from.front?.peer;
    const there = peer === undefined ? undefined : await validAtDoor(peer, name, clock.now());
    const more =
      there === undefined
        ? ""
        : there.ok
          ? "; the other site's shows a valid one"
          : `; the other site: ${there.reason}`;
    tell({ kind: "certificate-proved", level: "info", subject: name, reason: `our front door shows it${more}` });
  }

  async function proved(name: string, names: readonly string[], fingerprint: string, from: OrderContext) {
    const own = from.front?.own;
    if (own === undefined) return { ok: true } as const;
    const others = new Map<string, string[]>();
    for (const held of await haveNow()) {
      if (held.name === name) continue;
      for (const one of held.names) others.set(one, [...(others.get(one) ?? []), held.fingerprint]);
    }
    return (options.prove ?? proveAtDoor)({ name, names, fingerprint, others, own, signal: closing.signal });
  }

  /** When to renew it is asked for in a few minutes: not of a hundred at once, and not while others still come. */
  async function askLater(name: string, fingerprint: string): Promise<void> {
    const askAt = clock.now() + Math.round((1 + 4 * random()) * 60_000);
    await memory.put("renewals", { ...memory.now().renewals, [name]: { fingerprint, askAt, failures: 0 } });
  }

  /** Certificates whose every name a newer one has. */
  async function removeSuperseded(name: string, { names, notBefore }: Proven): Promise<void> {
    for (const old of await haveNow()) {
      const covered = old.names.every((one) => names.includes(one)) && old.notBefore <= notBefore;
      if (old.name === name || !covered || !names.includes(old.name)) continue;
      await host.remove(certificateFiles(paths.certificates, old.name).pem);
    }
  }

  async function fail(kind: FailureKind, why: Readonly<Record<string, string>>, until?: number): Promise<void> {
    const { attempts } = memory.now();
    const news = Object.entries(why).filter(([name, reason]) => attempts[name]?.reason !== reason);
    // On a disk that is full it is noted in memory alone, which holds up the next order as well.
    const unnoted = await memory
      .put("attempts", noteFailure(attempts, { kind, reasons: why, until }, clock.now(), random()))
      .then(() => "")
      .catch((error: unknown) => `; it can't be noted: ${error instanceof Error ? error.message : String(error)}`);
    options.counted?.(kind);
    for (const [subject, reason] of news)
      tell({ kind: "certificate-failed", level: "warning", subject, reason: `${reason}${unnoted}` });
    await warn(Object.keys(why), Object.values(why)[0] ?? "");
  }

  /** Of certificates that nearly end and can't be renewed, once each. */
  async function warn(names: readonly string[], reason: string): Promise<void> {
    const now = clock.now();
    for (const held of await haveNow()) {
      const { fingerprint, notBefore, notAfter } = held;
      const nearly = notAfter - now < (notAfter - notBefore) / 6;
      if (!nearly || expiring.has(fingerprint) || !names.some((name) => held.names.includes(name))) continue;
      expiring.add(fingerprint);
      const ends = new Date(notAfter).toISOString();
      tell({ kind: "certificate-expiring", level: "error", subject: held.name, reason: `it ends ${ends}: ${reason}` });
    }
  }

  return {
    order,
    prove,
    underWay: () => [...underWay, ...queue.keys()],
    queued: () => [...queue.values()],
    async close() {
      closing.abort();
      await options.authorityFor.close();
    },
  };
}

function reasons(names: readonly string[], reason: string): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}
