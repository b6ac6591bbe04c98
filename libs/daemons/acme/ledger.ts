import * as z from "zod";
import { type Limit, registeredDomain, sites } from "./limits.ts";

/** Orders of the last week, oldest first; kept on disk, and written before the authority hears of an order. */
export const Ledger = z.array(
  z.strictObject({
    id: z.string(),
    /** Milliseconds since the epoch. */
    at: z.number(),
    names: z.array(z.string()).readonly(),
    /** For exactly the names of a certificate that is to end. */
    renewal: z.boolean(),
    /** undefined: nobody knows, because it is under way or was when the power went. Then it counts as everything it may be. */
    outcome: z.enum(["issued", "refused", "failed"]).optional(),
  }),
);
export type Ledger = z.infer<typeof Ledger>;
export type Entry = Ledger[number];
export type Outcome = NonNullable<Entry["outcome"]>;

export type Room =
  | { readonly ok: true }
  /** `until`: when there is room again, milliseconds since the epoch. `of`: which domain or names; empty: the account. */
  | { readonly ok: false; readonly until: number; readonly limit: Limit; readonly of: string };

export interface Budget {
  readonly limit: Limit;
  readonly of: string;
  /** This site's share. */
  readonly most: number;
  readonly left: number;
  /** When the oldest that counts no longer does; undefined: nothing counts. */
  readonly moreAt: number | undefined;
}

type Asked = Pick<Entry, "names" | "renewal">;

/** Whether this site may make an order now. */
export function room(ledger: Ledger, limits: readonly Limit[], order: Asked, now: number): Room {
  const full = budgetsOf(limits, order).flatMap(({ limit, of }): Extract<Room, { ok: false }>[] => {
    if (limit.renewalsFree && order.renewal) return [];
    const times = counted(ledger, limit, of, now);
    const most = share(limit);
    const decisive = times.at(-most);
    return decisive === undefined ? [] : [{ ok: false, until: decisive + limit.window, limit, of }];
  });
  return full.sort((a, b) => b.until - a.until)[0] ?? { ok: true };
}

/** Every budget that orders of the last week were taken from, the one with the least left first. */
export function budgets(ledger: Ledger, limits: readonly Limit[], now: number): readonly Budget[] {
  const all = new Map<string, { readonly limit: Limit; readonly of: string }>();
  for (const limit of limits) if (limit.per === "account") all.set(limit.id, { limit, of: "" });
  for (const entry of ledger)
    for (const one of budgetsOf(limits, entry)) all.set(`${one.limit.id} ${one.of}`.trim(), one);
  const found = [...all.values()].map(({ limit, of }): Budget => {
    const times = counted(ledger, limit, of, now);
    const most = share(limit);
    const moreAt = times[0] === undefined ? undefined : times[0] + limit.window;
    return { limit, of, most, left: Math.max(0, most - times.length), moreAt };
  });
  const used = found.filter(({ limit, moreAt }) => limit.per === "account" || moreAt !== undefined);
  return used.sort((a, b) => a.left / a.most - b.left / b.most || (a.of < b.of ? -1 : 1));
}

/** Taken from the budgets; whatever no limit counts any more is dropped. */
export function charge(ledger: Ledger, entry: Entry, limits: readonly Limit[]): Ledger {
  const longest = Math.max(3_600_000, ...limits.map(({ window }) => window));
  return [...ledger.filter(({ at }) => at > entry.at - longest), entry];
}

export function settle(ledger: Ledger, id: string, outcome: Outcome): Ledger {
  return ledger.map((entry) => (entry.id === id ? { ...entry, outcome } : entry));
}

/** When a name may have been refused without our knowing: its order was under way when we ended. */
export function lostOrders(ledger: Ledger, name: string, underWay: readonly string[]): readonly number[] {
  const lost = ledger.filter(({ id, names, outcome }) => {
    return outcome === undefined && names.includes(name) && !underWay.includes(id);
  });
  return lost.map(({ at }) => at);
}

export function share({ most }: Pick<Limit, "most">): number {
  return Math.max(1, Math.floor(most / sites));
}

function budgetsOf(limits: readonly Limit[], { names }: Asked): { readonly limit: Limit; readonly of: string }[] {
  return limits.flatMap((limit) => keys(limit, names).map((of) => ({ limit, of })));
}

function keys({ per }: Limit, names: readonly string[]): readonly string[] {
  if (per === "account") return [""];
  if (per === "domain") return [...new Set(names.map(registeredDomain))];
  return [[...names].sort().join(" ")];
}

/** When something was taken from a budget within its window, oldest first. A time to come counts too: the clock was wrong. */
function counted(ledger: Ledger, limit: Limit, of: string, now: number): readonly number[] {
  const times = ledger.flatMap(({ at, names, renewal, outcome }) => {
    if (at <= now - limit.window || (limit.renewalsFree && renewal)) return [];
    if (limit.counts === "certificates" && (outcome === "refused" || outcome === "failed")) return [];
    return keys(limit, names).includes(of) ? [at] : [];
  });
  return times.sort((a, b) => a - b);
}
