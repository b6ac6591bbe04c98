import { type Attempt, forbiddenUntil, type HeldCertificate, type OrderInput, planOrders, renewAt } from "./plan.ts";

/** A name's certificate as an operator asks about it. Times are milliseconds since the epoch. */
export interface CertificateState {
  readonly name: string;
  /**
   * good: valid and not to be renewed yet. due: an order follows as soon as there is room. ordering: under way. failing:
   * the last attempt failed; what there was goes on.
   */
  readonly state: "good" | "due" | "ordering" | "failing";
  /** What visitors are shown; undefined: a placeholder that browsers warn of. */
  readonly held: HeldCertificate | undefined;
  readonly failure: Attempt | undefined;
  /** When it is renewed, or tried again, by itself. */
  readonly nextAt: number;
}

/** What was decided on an operator's wish for another attempt, now. */
export type Retry =
  | { readonly kind: "unknown" }
  | { readonly kind: "good"; readonly notAfter: number }
  /** `failedAt`: of the attempt before; a later one is news. */
  | { readonly kind: "now" | "ordering"; readonly failedAt: number | undefined }
  /** The authority's limit: another refusal would cost everybody. */
  | { readonly kind: "forbidden"; readonly until: number };

type StateInput = Omit<OrderInput, "concurrency">;

/** Every wanted certificate, in the order of names. */
export function certificateStates(input: StateInput): readonly CertificateState[] {
  return [...input.wanted].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name }) => stateOf(name, input));
}

function stateOf(name: string, input: StateInput): CertificateState {
  const { attempts, underWay, now } = input;
  const held = input.have.find((one) => one.name === name);
  const failure = attempts[name];
  const base = { name, held, failure };
  if (underWay.includes(name)) return { ...base, state: "ordering", nextAt: now };
  if (failure !== undefined) return { ...base, state: "failing", nextAt: failure.nextAt };
  if (isDue(name, input)) return { ...base, state: "due", nextAt: now };
  return { ...base, state: "good", nextAt: held === undefined ? now : renewAt(held) };
}

/** The wait after a failure is skipped; what the authority counts is not. */
export function decideRetry(name: string, input: StateInput): Retry {
  if (!input.wanted.some((one) => one.name === name)) return { kind: "unknown" };
  const failedAt = input.attempts[name]?.at;
  if (input.underWay.includes(name)) return { kind: "ordering", failedAt };
  const held = input.have.find((one) => one.name === name);
  if (held !== undefined && !isDue(name, input)) return { kind: "good", notAfter: held.notAfter };
  const until = forbiddenUntil(input.attempts[name]);
  return until > input.now ? { kind: "forbidden", until } : { kind: "now", failedAt };
}

/** Whether an order would be made if nothing had ever failed. */
function isDue(name: string, { wanted, have, now }: StateInput): boolean {
  const only = wanted.filter((one) => one.name === name);
  return planOrders({ wanted: only, have, now, attempts: {}, underWay: [], concurrency: 1 }).length > 0;
}
