import * as z from "zod";

/** Names that share one certificate. */
export interface WantedCertificate {
  /** First name; the file is called after it. */
  readonly name: string;
  readonly names: readonly string[];
}

export interface HeldCertificate extends WantedCertificate {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Who signed it, as its certificate says. */
  readonly issuer: string;
}

/**
 * preflight: an order would fail, so none was made. directory: the authority could not be asked. refused: it was asked,
 * and said no; only these count against its limits.
 */
export const FailureKind = z.enum(["preflight", "directory", "refused"]);
export type FailureKind = z.infer<typeof FailureKind>;

/** What went wrong lately, by certificate name; kept on disk, because the authority counts across our restarts. */
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

export interface Order extends WantedCertificate {
  readonly why: "new" | "renewal" | "other names";
}

export interface OrderInput {
  readonly wanted: readonly WantedCertificate[];
  readonly have: readonly HeldCertificate[];
  readonly attempts: Attempts;
  /** Names of certificates that are being ordered. */
  readonly underWay: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Orders at the same time, at most. */
  readonly concurrency: number;
}

/** Waits after failures, milliseconds: the first, and the longest. */
const waits: Readonly<Record<FailureKind, { readonly first: number; readonly most: number }>> = {
  preflight: { first: 3_000, most: 600_000 },
  directory: { first: 10_000, most: 600_000 },
  refused: { first: 2_400_000, most: 86_400_000 },
};

const hour = 3_600_000;
/** Let's Encrypt: 5 failed validations an account, name and hour. Two sites share the account. */
const refusalsAnHour = 2;

/** Until when the authority's limit forbids another attempt, milliseconds since the epoch; a time that is past: it doesn't. */
export function forbiddenUntil(attempt: Pick<Attempt, "refusals"> | undefined): number {
  const decisive = attempt?.refusals.at(-refusalsAnHour);
  return decisive === undefined ? 0 : decisive + hour;
}

/** When a third of a certificate's life is left, milliseconds since the epoch. */
export function renewAt({ notBefore, notAfter }: HeldCertificate): number {
  return notAfter - (notAfter - notBefore) / 3;
}

/** The orders to make now: what is missing first, then what ends first; never one that has to wait, never too many at once. */
export function planOrders({ wanted, have, attempts, underWay, now, concurrency }: OrderInput): readonly Order[] {
  const held = new Map(have.map((certificate) => [certificate.name, certificate]));
  const due = wanted.flatMap(({ name, names }) => {
    if (underWay.includes(name) || (attempts[name]?.nextAt ?? 0) > now) return [];
    const certificate = held.get(name);
    const why = reason(names, certificate, now);
    return why === undefined
      ? []
      : [{ order: { name, names, why }, ends: why === "renewal" ? (certificate?.notAfter ?? 0) : 0 }];
  });
  due.sort((a, b) => a.ends - b.ends || (a.order.name < b.order.name ? -1 : 1));
  return due.slice(0, Math.max(0, concurrency - underWay.length)).map(({ order }) => order);
}

function reason(names: readonly string[], held: HeldCertificate | undefined, now: number): Order["why"] | undefined {
  if (held === undefined || held.notAfter <= now) return "new";
  if (!names.every((name) => held.names.includes(name))) return "other names";
  return renewAt(held) <= now ? "renewal" : undefined;
}

/** Attempts after one more failure. `random`: 0 to 1; waits get up to a quarter longer, so that names don't come in step. */
export function noteFailure(
  attempts: Attempts,
  name: string,
  kind: FailureKind,
  reason: string,
  now: number,
  random: number,
): Attempts {
  const before = attempts[name];
  const failures = before?.kind === kind ? before.failures + 1 : 1;
  const { first, most } = waits[kind];
  const wait = Math.min(most, first * 2 ** Math.min(failures - 1, 20)) * (1 + random / 4);
  const recent = [...(before?.refusals ?? []), ...(kind === "refused" ? [now] : [])];
  const refusals = recent.filter((at) => at > now - hour);
  const nextAt = Math.max(now + Math.round(wait), forbiddenUntil({ refusals }));
  return { ...attempts, [name]: { failures, kind, reason, at: now, nextAt, refusals } };
}

export function noteSuccess(attempts: Attempts, name: string): Attempts {
  const { [name]: _, ...others } = attempts;
  return others;
}
