import * as z from "zod";
import type { HeldCertificate } from "./model.ts";

/** What the authority said of when to renew, by certificate name (RFC 9773); kept on disk, so that a chosen time stays chosen. */
export const Renewals = z.record(
  z.string(),
  z.strictObject({
    /** Of the certificate it is about. */
    fingerprint: z.string(),
    /** RFC 9773, 4.1; undefined: the certificate does not say who signed it. */
    id: z.string().optional(),
    /** When to ask again; all times are milliseconds since the epoch. */
    askAt: z.number(),
    /** In a row; 0: the last answer was one. */
    failures: z.int().min(0),
    /** undefined: the authority has no opinion. */
    window: z.strictObject({ start: z.number(), end: z.number() }).optional(),
    /** The time in the window that we chose. */
    at: z.number().optional(),
    /** A page that says why, for people. */
    explanation: z.string().optional(),
  }),
);
export type Renewals = z.infer<typeof Renewals>;
export type Renewal = Renewals[string];
export type RenewalWindow = NonNullable<Renewal["window"]>;

export interface DueTime {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** authority: it told us (RFC 9773). third: a third of the life is left. */
  readonly why: "authority" | "third";
}

/** When a certificate is to be renewed. */
export function renewAt(held: HeldCertificate, renewals: Renewals): DueTime {
  const told = renewals[held.name];
  if (told?.fingerprint === held.fingerprint && told.at !== undefined) return { at: told.at, why: "authority" };
  const { notBefore, notAfter } = held;
  return { at: notAfter - (notAfter - notBefore) / 3, why: "third" };
}

/** The id by which the authority knows the certificate that a new one is to follow; undefined: it would not want to know. */
export function predecessor(held: HeldCertificate | undefined, renewals: Renewals): string | undefined {
  const told = held === undefined ? undefined : renewals[held.name];
  return told?.fingerprint === held?.fingerprint && told?.window !== undefined ? told.id : undefined;
}

const hour = 3_600_000;
/** Between two questions: no more often, no less often (RFC 9773, 4.3.2); and after an answer that names no time. */
const pauses = { least: 60_000, most: 24 * hour, usual: 6 * hour } as const;

/** Certificates whose time to renew is to be asked for now: those never asked for first. */
export function questions(
  have: readonly HeldCertificate[],
  renewals: Renewals,
  now: number,
): readonly HeldCertificate[] {
  const askAt = ({ name, fingerprint }: HeldCertificate): number => {
    const known = renewals[name];
    return known?.fingerprint === fingerprint ? known.askAt : 0;
  };
  return have.filter((held) => askAt(held) <= now).sort((a, b) => askAt(a) - askAt(b) || a.notAfter - b.notAfter);
}

/** What was answered. `retryAfter`: milliseconds. */
export type Answered =
  | {
      readonly window: RenewalWindow;
      readonly explanation?: string | undefined;
      readonly retryAfter: number | undefined;
    }
  /** The authority does not know RFC 9773. */
  | "unsupported"
  /** It could not be asked, or said nothing that can be understood; what it said before holds. */
  | "failed";

export interface Noted {
  readonly held: HeldCertificate;
  readonly id: string | undefined;
  readonly answered: Answered;
  readonly now: number;
  /** 0 to 1. */
  readonly random: number;
}

/** What is known after an answer. A time once chosen stays while its window does. */
export function noteAnswer(before: Renewal | undefined, { held, id, answered, now, random }: Noted): Renewal {
  const same = before?.fingerprint === held.fingerprint ? before : undefined;
  const base = { fingerprint: held.fingerprint, ...(id === undefined ? {} : { id }) };
  if (answered === "unsupported") return { ...base, askAt: now + pauses.most, failures: 0 };
  if (answered === "failed") {
    const failures = (same?.failures ?? 0) + 1;
    return {
      ...same,
      ...base,
      failures,
      askAt: now + Math.min(pauses.usual, pauses.least * 2 ** Math.min(failures, 20)),
    };
  }
  const { window, explanation, retryAfter } = answered;
  const kept = same?.window?.start === window.start && same.window.end === window.end ? same.at : undefined;
  return {
    ...base,
    failures: 0,
    askAt: now + Math.min(pauses.most, Math.max(pauses.least, retryAfter ?? pauses.usual)),
    window,
    at: kept ?? chooseTime(window, held, now, random),
    ...(explanation === undefined ? {} : { explanation }),
  };
}

/**
 * A random time in the window; now, if it is past (RFC 9773, 4.2). Not within a third of the certificate's life, or an hour
 * if that is less: an authority that wants every certificate renewed at once would be asked without end. Nor in its last
 * twelfth: then it would be too late for a second attempt.
 */
export function chooseTime(window: RenewalWindow, held: HeldCertificate, now: number, random: number): number {
  const life = held.notAfter - held.notBefore;
  const start = Math.max(window.start, Math.min(now, window.end));
  const chosen = start + Math.max(0, window.end - start) * random;
  const earliest = held.notBefore + Math.min(life / 3, hour);
  return Math.round(Math.max(earliest, Math.min(chosen, held.notAfter - life / 12)));
}
