import type { Host } from "@zcloud/host";
import type { Action, Clock, Reconciler } from "@zcloud/reconcile";
import { thumbprintOf } from "./account.ts";
import type { Authority, AuthorityOptions } from "./authority.ts";
import {
  type Attempts,
  Attempts as AttemptsSchema,
  type FailureKind,
  type HeldCertificate,
  noteFailure,
  noteSuccess,
  type Order,
  planOrders,
  type WantedCertificate,
} from "./plan.ts";
import { type Door, preflight } from "./preflight.ts";
import { type CertificateState, certificateStates, decideRetry, type Retry } from "./state.ts";

export interface AcmePaths {
  /** PEM, the same at both fronts. */
  readonly accountKey: string;
  /** Directory of NAME.pem. */
  readonly certificates: string;
  readonly attempts: string;
  /** The system's trust in authorities, for the directory's own TLS. */
  readonly trust: string;
}

export const acmePaths: AcmePaths = {
  accountKey: "/etc/zcloud/pki/acme-account.key",
  certificates: "/var/lib/zcloud/zfront/certs",
  attempts: "/var/lib/zcloud/zfront/acme-attempts.json",
  trust: "/etc/ssl/certs/ca-certificates.crt",
};

export interface DesiredCertificates {
  readonly directory: string;
  readonly contact: string | undefined;
  readonly wanted: readonly WantedCertificate[];
  /** Our addresses in DNS -> the door behind them. */
  readonly doors: ReadonlyMap<string, Door>;
}

export interface ObservedCertificates {
  readonly now: number;
  readonly have: readonly HeldCertificate[];
  readonly attempts: Attempts;
  readonly underWay: readonly string[];
  readonly accountKey: boolean;
}

export interface OrderAction extends Action {
  readonly kind: "order";
  readonly order: Order;
  readonly from: Pick<DesiredCertificates, "directory" | "contact" | "doors">;
}

export interface AcmeOptions {
  readonly host: Host;
  readonly paths: AcmePaths;
  readonly clock: Clock;
  /** What is on disk and good. */
  readonly have: (now: number) => Promise<readonly HeldCertificate[]>;
  /** Orders at the same time; 4 by default. */
  readonly concurrency?: number;
  /** Who orders. */
  readonly authority: (options: AuthorityOptions) => Authority;
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** 0 to 1. */
  readonly random?: () => number;
  /** Told when the reason is another than before. */
  readonly failed: (name: string, reason: string) => void;
}

export interface Acme extends Reconciler<DesiredCertificates, ObservedCertificates, OrderAction> {
  /** A certificate came to disk, or a wait is over. */
  onChange(listener: () => void): () => void;
  /** What went wrong and when it is tried again, by name. */
  attempts(): Attempts;
  /** Of everything wanted. */
  states(wanted: readonly WantedCertificate[]): Promise<readonly CertificateState[]>;
  /** An operator's wish: the wait after a failure ends now, unless the authority's limit forbids it. */
  retry(name: string, wanted: readonly WantedCertificate[]): Promise<Retry>;
  /** Resolves when no order is under way. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Preflight failures of the other site's door after which an order is made all the same: it may be gone for good. */
const softLimit = 8;

/** Orders certificates for what is served, within limits; orders run beside the loop, which only starts them. */
export function createAcme(options: AcmeOptions): Acme {
  const { host, paths, clock, concurrency = 4, random = Math.random } = options;
  const underWay = new Map<string, Promise<void>>();
  const listeners = new Set<() => void>();
  let attempts: Attempts | undefined;
  let writing: Promise<void> = Promise.resolve();
  let authority: { readonly id: string; readonly client: Authority } | undefined;
  let cancelTimer: () => void = () => {};

  async function observe(): Promise<ObservedCertificates> {
    attempts ??= readAttempts(await host.read(paths.attempts));
    const now = clock.now();
    const accountKey = (await host.stat(paths.accountKey)) !== undefined;
    return { now, have: await options.have(now), attempts, underWay: [...underWay.keys()], accountKey };
  }

  function plan({ wanted, ...from }: DesiredCertificates, observed: ObservedCertificates): readonly OrderAction[] {
    if (!observed.accountKey) return [];
    return planOrders({ ...observed, wanted, concurrency }).map((order) => {
      const change = order.why === "new" ? "+" : "~";
      const summary = `order a certificate (${order.why}) from ${new URL(from.directory).host}`;
      return { kind: "order", change, subject: order.names.join(" "), summary, order, from };
    });
  }

  async function apply({ order, from }: OrderAction): Promise<void> {
    if (underWay.has(order.name)) return;
    const done = run(order, from).finally(() => {
      underWay.delete(order.name);
      wakeLater();
      for (const listener of listeners) listener();
    });
    underWay.set(order.name, done);
  }

  async function run(order: Order, from: OrderAction["from"]): Promise<void> {
    try {
      const outcome = await obtain(order, from);
      if (outcome.ok) await note(noteSuccess(attempts ?? {}, order.name));
      else await fail(order.name, outcome.kind, outcome.reason);
    } catch (error) {
      await fail(order.name, "directory", error instanceof Error ? error.message : String(error));
    }
  }

  async function obtain({ name, names }: Order, from: OrderAction["from"]) {
    const accountKey = await host.read(paths.accountKey);
    if (accountKey === undefined)
      return { ok: false, kind: "preflight", reason: `there is no ${paths.accountKey}; run zctl pki` } as const;
    const thumbprint = thumbprintOf(accountKey);
    const resolve = options.resolve === undefined ? {} : { resolve: options.resolve };
    for (const one of names) {
      const checked = await preflight(one, { doors: from.doors, thumbprint, ...resolve });
      const before = attempts?.[name];
      const patient = before?.kind === "preflight" && before.failures >= softLimit;
      if (!checked.ok && !(checked.soft && patient))
        return { ok: false, kind: "preflight", reason: checked.reason } as const;
    }
    const issued = await (await authorityFor(from, accountKey)).issue(names);
    if (issued.ok) await host.write(`${paths.certificates}/${name}.pem`, issued.pem, { mode: 0o600 });
    return issued;
  }

  async function authorityFor({ directory, contact }: OrderAction["from"], accountKey: string): Promise<Authority> {
    const trust = await host.read(paths.trust);
    const id = JSON.stringify([directory, contact, accountKey, trust]);
    if (authority?.id !== id) {
      await authority?.client.close();
      authority = { id, client: options.authority({ directory, contact, accountKey, trust }) };
    }
    return authority.client;
  }

  async function fail(name: string, kind: FailureKind, reason: string): Promise<void> {
    const known = attempts?.[name]?.reason === reason;
    await note(noteFailure(attempts ?? {}, name, kind, reason, clock.now(), random()));
    if (!known) options.failed(name, reason);
  }

  /** In memory at once, on disk in order. */
  function note(next: Attempts): Promise<void> {
    attempts = next;
    writing = writing.then(() => host.write(paths.attempts, `${JSON.stringify(next, undefined, 1)}\n`));
    return writing;
  }

  async function retry(name: string, wanted: readonly WantedCertificate[]): Promise<Retry> {
    const observed = await observe();
    const decided = decideRetry(name, { ...observed, wanted });
    const failure = attempts?.[name];
    if (decided.kind !== "now") return decided;
    if (failure !== undefined) await note({ ...attempts, [name]: { ...failure, nextAt: observed.now } });
    for (const listener of listeners) listener();
    return decided;
  }

  function wakeLater(): void {
    cancelTimer();
    const soonest = Math.min(...Object.values(attempts ?? {}).map(({ nextAt }) => nextAt));
    if (!Number.isFinite(soonest)) return;
    cancelTimer = clock.after(Math.max(1_000, Math.min(soonest - clock.now(), 3_600_000)), () => {
      wakeLater();
      for (const listener of listeners) listener();
    });
  }

  return {
    name: "certificates",
    observe,
    plan,
    apply,
    attempts: () => attempts ?? {},
    states: async (wanted) => certificateStates({ ...(await observe()), wanted }),
    retry,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay.values());
    },
    async close() {
      cancelTimer();
      await authority?.client.close();
    },
  };
}

/** Unreadable attempts count as none: the first order after it is as careful as any. */
function readAttempts(text: string | undefined): Attempts {
  if (text === undefined) return {};
  try {
    return AttemptsSchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
