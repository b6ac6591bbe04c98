/**
 * Why a probe failed. connect: no TCP connection to the door. tls: a certificate that is not valid for the name, or no
 * TLS. status: an answer that is neither 2xx nor 3xx, or none. timeout: connected, but no whole answer in time.
 */
export type FailureKind = "connect" | "tls" | "status" | "timeout";

/** What came of asking once. */
export type Outcome =
  | { readonly ok: true; readonly ms: number; readonly servedBy: string | undefined }
  | { readonly ok: false; readonly ms: number; readonly kind: FailureKind; readonly reason: string };

/** What is believed of an endpoint at a door; times are milliseconds since the epoch. */
export interface Verdict {
  /** `new`: it has not yet answered since it is known. A certificate takes a moment. */
  readonly state: "new" | "up" | "down";
  readonly since: number;
  /** Probes in a row that say otherwise than `state`, and when the first of them was. */
  readonly doubts: number;
  readonly doubtedSince: number;
  /** Of the last failure. */
  readonly failure: Extract<Outcome, { ok: false }> | undefined;
  /** When it went down lately; who falls again and again is believed later. */
  readonly falls: readonly number[];
}

/** Failures in a row that are an outage: one may be a blip. */
const confirm = 2;
/** How long a new endpoint may take to answer, milliseconds. */
export const grace = 60_000;
/** Falls within so many milliseconds count together: each doubles the good answers that are needed. */
const memory = 600_000;
const mostAsked = 16;
/** Milliseconds between probes while something is in doubt, while it is down, and while it has been down for long. */
const pace = { doubt: 1_000, down: 3_000, long: 10_000 } as const;
const long = 300_000;

export function fresh(now: number, state: Verdict["state"] = "new"): Verdict {
  return { state, since: now, doubts: 0, doubtedSince: now, failure: undefined, falls: [] };
}

/** What is believed after another probe. Blips and flapping change nothing yet. */
export function judge(before: Verdict, outcome: Outcome, now: number): Verdict {
  const falls = before.falls.filter((at) => now - at < memory && at <= now);
  const known = { ...before, falls, failure: outcome.ok ? before.failure : outcome };
  const contradicts = outcome.ok ? before.state !== "up" : before.state !== "down";
  if (!contradicts) return { ...known, doubts: 0 };
  const doubts = before.doubts + 1;
  const doubtedSince = before.doubts === 0 ? now : Math.min(before.doubtedSince, now);
  const inDoubt = { ...known, doubts, doubtedSince };
  if (outcome.ok) {
    const needed = before.state === "new" ? 1 : Math.min(mostAsked, 2 ** Math.max(1, falls.length));
    return doubts < needed ? inDoubt : { ...fresh(doubtedSince, "up"), falls };
  }
  if (doubts < confirm || (before.state === "new" && now - before.since < grace)) return inDoubt;
  return { ...fresh(doubtedSince, "down"), failure: outcome, falls: [...falls, now] };
}

/** Milliseconds until the next probe; `interval` while all is well. */
export function nextProbe({ state, since, doubts }: Verdict, now: number, interval: number): number {
  if (state === "up") return doubts === 0 ? interval : pace.doubt;
  if (state === "new") return pace.down;
  if (doubts > 0) return pace.doubt;
  return now - since < long ? pace.down : pace.long;
}

/** Most probes a second, over all endpoints and doors. */
export const mostPerSecond = 20;
const usualInterval = 30_000;

/** Milliseconds between probes of what is well. Three quarters of the rate are for it, the rest for what is not. */
export function intervalFor(targets: number): number {
  return Math.max(usualInterval, Math.ceil((targets * 1_000) / (mostPerSecond * 0.75)));
}
