import * as z from "zod";

/**
 * preflight: an order would fail, so none was made. directory: the authority could not be asked, or took no order.
 * limited: it said that we ask too often. refused: it validated the name, and said no; that counts against its limits.
 * unproved: there is a new certificate, but our front door does not show it.
 */
export const FailureKind = z.enum(["preflight", "directory", "limited", "refused", "unproved"]);
export type FailureKind = z.infer<typeof FailureKind>;

/** What went wrong lately, by name; kept on disk, because the authority counts across our restarts. */
export const Attempts = z.record(
  z.string(),
  z.strictObject({
    /** In a row, of this kind. */
    failures: z.int().min(1),
    kind: FailureKind,
    reason: z.string(),
    /** Milliseconds since the epoch. */
    at: z.number(),
    nextAt: z.number(),
    /** When the authority refused it within the last hour, oldest first; milliseconds since the epoch. */
    refusals: z.array(z.number()).default([]),
  }),
);
export type Attempts = z.infer<typeof Attempts>;
export type Attempt = Attempts[string];

/** Waits after failures, milliseconds: the first, and the longest. */
const waits: Readonly<Record<FailureKind, { readonly first: number; readonly most: number }>> = {
  preflight: { first: 3_000, most: 600_000 },
  directory: { first: 10_000, most: 600_000 },
  limited: { first: 600_000, most: 21_600_000 },
  refused: { first: 2_400_000, most: 86_400_000 },
  unproved: { first: 60_000, most: 21_600_000 },
};

const hour = 3_600_000;
/** Let's Encrypt: 5 failed validations an account, name and hour. Two sites share the account. */
export const refusalsAnHour = 2;

/** Until when the authority's limit forbids another validation, given when it refused; a time that is past: it doesn't. */
export function forbiddenUntil(refusals: readonly number[]): number {
  const decisive = refusals.at(-refusalsAnHour);
  return decisive === undefined ? 0 : decisive + hour;
}

export interface Failure {
  readonly kind: FailureKind;
  /** By name. They fail together, so they are tried again together. */
  readonly reasons: Readonly<Record<string, string>>;
  /** The earliest time of another attempt, if somebody named one; milliseconds since the epoch. */
  readonly until?: number | undefined;
}

/** Attempts after one more failure. `random`: 0 to 1; waits get up to a quarter longer, so that certificates don't come in step. */
export function noteFailure(attempts: Attempts, failure: Failure, now: number, random: number): Attempts {
  const { kind, reasons, until = 0 } = failure;
  const { first, most } = waits[kind];
  const noted = Object.entries(reasons).map(([name, reason]): [string, Attempt] => {
    const before = attempts[name];
    const failures = before?.kind === kind ? before.failures + 1 : 1;
    const wait = Math.min(most, first * 2 ** Math.min(failures - 1, 20)) * (1 + random / 4);
    const recent = [...(before?.refusals ?? []), ...(kind === "refused" ? [now] : [])];
    const refusals = recent.filter((at) => at > now - hour);
    const nextAt = Math.max(now + Math.round(wait), forbiddenUntil(refusals), until);
    return [name, { failures, kind, reason, at: now, nextAt, refusals }];
  });
  return { ...attempts, ...Object.fromEntries(noted) };
}

export function noteSuccess(attempts: Attempts, names: readonly string[]): Attempts {
  return Object.fromEntries(Object.entries(attempts).filter(([name]) => !names.includes(name)));
}
