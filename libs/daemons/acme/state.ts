import { type Attempt, forbiddenUntil } from "./attempts.ts";
import { lostOrders } from "./ledger.ts";
import type { HeldCertificate, WantedCertificate } from "./model.ts";
import { decide, type OrderInput } from "./plan.ts";
import { renewAt } from "./renewal.ts";

/** A certificate as an operator asks about it. Times are milliseconds since the epoch. */
export interface CertificateState extends WantedCertificate {
  /**
   * good: valid and not to be renewed yet. due: an order follows as soon as there is room. ordering: under way. failing:
   * the last attempt failed; what there was goes on. waiting: nothing is wrong, but this site's share of a budget is used up.
   */
  readonly state: "good" | "due" | "ordering" | "failing" | "waiting";
  /** What visitors are shown; undefined: a placeholder that browsers warn of. */
  readonly held: HeldCertificate | undefined;
  /** Of its names, those that failed first. */
  readonly failures: readonly (Attempt & { readonly name: string })[];
  /** When it is renewed, or tried again, by itself. */
  readonly nextAt: number;
  /** Why then: the authority asked for it, a third of the life is left, it failed, a budget (which) is used up, or it is its turn. */
  readonly why: string;
}

/** What was decided on an operator's wish for another attempt, now. */
export type Retry =
  | { readonly kind: "unknown" }
  | { readonly kind: "good"; readonly notAfter: number }
  /** `failedAt`: of the attempt before; a later one is news. */
  | { readonly kind: "now" | "ordering"; readonly failedAt: number | undefined }
  /** The authority's limit: another refusal, or order, would cost everybody. */
  | { readonly kind: "forbidden"; readonly until: number };

/** Every wanted certificate, in the order of names. */
export function certificateStates(input: OrderInput): readonly CertificateState[] {
  return [...input.wanted].sort((a, b) => (a.name < b.name ? -1 : 1)).map((one) => stateOf(one, input));
}

function stateOf(wanted: WantedCertificate, input: OrderInput): CertificateState {
  const { attempts, underWay, now, renewals } = input;
  const { name, names } = wanted;
  const held = input.have.find((one) => one.name === name);
  const failures = names
    .flatMap((one) => (attempts[one] === undefined ? [] : [{ name: one, ...attempts[one] }]))
    .sort((a, b) => a.at - b.at);
  const base = { name, names, held, failures };
  if (underWay.includes(name)) return { ...base, state: "ordering", nextAt: now, why: "under way" };
  const decision = decide(wanted, input);
  const failing = failures.length > 0 ? "failing" : undefined;
  switch (decision.kind) {
    case "good":
      return { ...base, state: failing ?? "good", nextAt: decision.renewal.at, why: decision.renewal.why };
    case "wait":
      return { ...base, state: "failing", nextAt: decision.until, why: "failed" };
    case "budget": {
      const { limit, of, until } = decision.room;
      return { ...base, state: failing ?? "waiting", nextAt: until, why: `budget: ${`${limit.id} ${of}`.trim()}` };
    }
    case "order": {
      const at = held === undefined ? now : Math.min(now, renewAt(held, renewals).at);
      return { ...base, state: failing ?? "due", nextAt: Math.max(at, now), why: "its turn" };
    }
  }
}

/** The wait after a failure is skipped; what the authority counts is not. */
export function decideRetry(name: string, input: OrderInput): Retry {
  const wanted = input.wanted.find(({ names }) => names.includes(name));
  if (wanted === undefined) return { kind: "unknown" };
  const failedAt = input.attempts[name]?.at;
  if (input.underWay.includes(wanted.name)) return { kind: "ordering", failedAt };
  const eager = decide(wanted, { ...input, attempts: withoutWaits(input) });
  if (eager.kind === "good") {
    const held = input.have.find((one) => one.name === wanted.name);
    return { kind: "good", notAfter: held?.notAfter ?? 0 };
  }
  const refusals = [...(input.attempts[name]?.refusals ?? []), ...lostOrders(input.ledger, name, input.orders)];
  const until = eager.kind === "budget" ? eager.room.until : forbiddenUntil(refusals.sort((a, b) => a - b));
  return until > input.now ? { kind: "forbidden", until } : { kind: "now", failedAt };
}

function withoutWaits({ attempts, now }: OrderInput): OrderInput["attempts"] {
  return Object.fromEntries(
    Object.entries(attempts).map(([name, one]) => [name, { ...one, nextAt: Math.min(one.nextAt, now) }]),
  );
}
