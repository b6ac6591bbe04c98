import type { Host } from "@zcloud/host";
import type { Action, Clock, Reconciler } from "@zcloud/reconcile";
import { thumbprintOf } from "./account.ts";
import type { Attempts } from "./attempts.ts";
import type { Authority, AuthorityOptions } from "./authority.ts";
import { groupNames } from "./groups.ts";
import { certificateFiles } from "./install.ts";
import { type Budget, budgets, type Ledger } from "./ledger.ts";
import { limitsOf } from "./limits.ts";
import { createMemory } from "./memory.ts";
import type { AcmePaths, DesiredCertificates, HeldCertificate, WantedNames } from "./model.ts";
import { createOrders, type OrderContext, type OrdersOptions } from "./orders.ts";
import { type Order, type OrderInput, planOrders } from "./plan.ts";
import { createRenewalTimes, type RenewalTimes, type RenewalTimesOptions } from "./renewal-times.ts";
import { type CertificateState, certificateStates, decideRetry, type Retry } from "./state.ts";

export interface ObservedCertificates {
  readonly now: number;
  readonly have: readonly HeldCertificate[];
  /** Names of certificates that are issued and not proved. */
  readonly unproved: readonly string[];
  readonly memory: ReturnType<ReturnType<typeof createMemory>["now"]>;
  readonly underWay: readonly string[];
  readonly orders: readonly string[];
  /** Orders that wait for their turn. */
  readonly queued: Ledger;
  readonly accountKey: boolean;
}

export type CertificateAction = Action &
  (
    | { readonly kind: "order"; readonly order: Order; readonly from: OrderContext }
    | { readonly kind: "prove"; readonly name: string; readonly names: readonly string[]; readonly from: OrderContext }
  );

export interface AcmeOptions
  extends Pick<OrdersOptions, "tell" | "counted" | "prove" | "resolve" | "concurrency" | "clockFault">,
    Pick<RenewalTimesOptions, "renewalInfo"> {
  readonly host: Host;
  readonly paths: AcmePaths;
  readonly clock: Clock;
  /** What is on disk and good. */
  readonly have: (now: number) => Promise<readonly HeldCertificate[]>;
  /** Who orders. */
  readonly authority: (options: AuthorityOptions) => Authority;
  /** 0 to 1. */
  readonly random?: () => number;
}

export interface Acme extends Reconciler<DesiredCertificates, ObservedCertificates, CertificateAction> {
  /** Asks the authority when certificates are to be renewed: a loop of its own. */
  readonly renewals: RenewalTimes;
  /** A certificate came to disk, or a wait is over. */
  onChange(listener: () => void): () => void;
  /** What went wrong and when it is tried again, by name. */
  attempts(): Attempts;
  /** Of everything wanted. */
  states(desired: Pick<DesiredCertificates, "directory" | "wanted">): Promise<readonly CertificateState[]>;
  /** What is left of this site's share of what the authority allows. */
  budgets(directory: string): readonly Budget[];
  /** An operator's wish: the wait after a failure ends now, unless the authority's limit forbids it. */
  retry(name: string, desired: Pick<DesiredCertificates, "directory" | "wanted">): Promise<Retry>;
  /** Resolves when no order is under way. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Orders certificates for what is served, within limits; orders run beside the loop, which only starts them. */
export function createAcme(options: AcmeOptions): Acme {
  const { host, paths, clock, random = Math.random } = options;
  const underWay = new Map<string, Promise<void>>();
  const listeners = new Set<() => void>();
  const memory = createMemory(host, paths);
  let cancelTimer: () => void = () => {};
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const orders = createOrders({ ...options, random, memory, changed, authorityFor: authorities(options) });

  async function observe(): Promise<ObservedCertificates> {
    await memory.load();
    const now = clock.now();
    // What is under way is looked at first: what ends meanwhile has left its mark in what is read afterwards.
    const running = { underWay: [...underWay.keys()], orders: orders.underWay(), queued: orders.queued() };
    const suffix = certificateFiles("", "").fresh.slice(1);
    const files = await host.list(paths.certificates);
    return {
      now,
      have: await options.have(now),
      unproved: files.flatMap((file) => (file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : [])),
      accountKey: (await host.stat(paths.accountKey)) !== undefined,
      memory: memory.now(),
      ...running,
    };
  }

  function inputOf(wanted: WantedNames, directory: string, observed: ObservedCertificates): OrderInput {
    const { memory: known, have, queued } = observed;
    const ledger = [...known.ledger, ...queued];
    return { ...observed, ...known, ledger, wanted: groupNames(wanted, have), limits: limitsOf(directory) };
  }

  function plan(
    { wanted, ...from }: DesiredCertificates,
    observed: ObservedCertificates,
  ): readonly CertificateAction[] {
    if (!observed.accountKey) return [];
    const input = inputOf(wanted, from.directory, observed);
    const authority = new URL(from.directory).host;
    const proofs = input.wanted.filter(({ name }) => observed.unproved.includes(name));
    const ready = proofs.filter(({ name, names }) => {
      const waits = names.some((one) => {
        const attempt = input.attempts[one];
        return attempt?.kind === "unproved" && attempt.nextAt > input.now;
      });
      return !waits && !input.underWay.includes(name);
    });
    const rest = { ...input, wanted: input.wanted.filter((one) => !proofs.includes(one)) };
    return [
      ...ready.map(({ name, names }): CertificateAction => {
        const summary = "prove a certificate that was issued before";
        return { kind: "prove", change: "~", subject: name, summary, name, names, from };
      }),
      ...planOrders(rest).map((order): CertificateAction => {
        const change = order.why === "new" ? "+" : "~";
        const summary = `order a certificate (${order.why}) from ${authority}`;
        return { kind: "order", change, subject: order.names.join(" "), summary, order, from };
      }),
    ];
  }

  async function apply(action: CertificateAction): Promise<void> {
    const name = action.kind === "order" ? action.order.name : action.name;
    if (underWay.has(name)) return;
    const run = action.kind === "order" ? orders.order(action.order, action.from) : orders.prove(action, action.from);
    const done = run.finally(() => {
      underWay.delete(name);
      wakeLater();
      changed();
    });
    underWay.set(name, done);
  }

  async function retry(name: string, { directory, wanted }: Parameters<Acme["retry"]>[1]): Promise<Retry> {
    const observed = await observe();
    const decided = decideRetry(name, inputOf(wanted, directory, observed));
    if (decided.kind !== "now") return decided;
    const { attempts } = memory.now();
    const failure = attempts[name];
    if (failure !== undefined)
      await memory.put("attempts", { ...attempts, [name]: { ...failure, nextAt: observed.now } });
    changed();
    return decided;
  }

  function wakeLater(): void {
    cancelTimer();
    const soonest = Math.min(...Object.values(memory.now().attempts).map(({ nextAt }) => nextAt));
    if (!Number.isFinite(soonest)) return;
    cancelTimer = clock.after(Math.max(1_000, Math.min(soonest - clock.now(), 3_600_000)), () => {
      wakeLater();
      changed();
    });
  }

  return {
    name: "certificates",
    renewals: createRenewalTimes({ ...options, random, memory, changed }),
    observe,
    plan,
    apply,
    attempts: () => memory.now().attempts,
    states: async ({ directory, wanted }) => certificateStates(inputOf(wanted, directory, await observe())),
    budgets: (directory) => budgets(memory.now().ledger, limitsOf(directory), clock.now()),
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
      await orders.close();
    },
  };
}

/** The authority of a directory and account; another when one of them has changed. */
function authorities({ host, paths, authority }: AcmeOptions) {
  let current: { readonly id: string; readonly client: Authority } | undefined;
  return {
    async of({ directory, contact }: OrderContext) {
      const accountKey = await host.read(paths.accountKey);
      if (accountKey === undefined) return undefined;
      const trust = await host.read(paths.trust);
      const id = JSON.stringify([directory, contact, accountKey, trust]);
      if (current?.id !== id) {
        await current?.client.close();
        current = { id, client: authority({ directory, contact, accountKey, trust }) };
      }
      return { client: current.client, thumbprint: thumbprintOf(accountKey) };
    },
    close: async () => current?.client.close(),
  };
}
