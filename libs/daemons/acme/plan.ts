import { type Attempts, forbiddenUntil } from "./attempts.ts";
import { type Ledger, lostOrders, type Room, room } from "./ledger.ts";
import type { Limit } from "./limits.ts";
import type { HeldCertificate, WantedCertificate } from "./model.ts";
import { type DueTime, predecessor, type Renewals, renewAt } from "./renewal.ts";

export interface Order extends WantedCertificate {
  readonly why: "new" | "renewal" | "other names";
  /** For exactly the names of the certificate that is to end. */
  readonly renewal: boolean;
  /** Id of the certificate that it follows, where the authority wants to know (RFC 9773, 5). */
  readonly replaces: string | undefined;
}

export interface OrderInput {
  readonly wanted: readonly WantedCertificate[];
  readonly have: readonly HeldCertificate[];
  readonly attempts: Attempts;
  readonly ledger: Ledger;
  readonly limits: readonly Limit[];
  readonly renewals: Renewals;
  /** Names of certificates that are being ordered or proved. */
  readonly underWay: readonly string[];
  /** Ids in the ledger of orders that are under way. */
  readonly orders: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is to be done about a certificate. */
export type Decision =
  | { readonly kind: "good"; readonly renewal: DueTime }
  | { readonly kind: "order"; readonly order: Order; readonly ends: number }
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "budget"; readonly room: Extract<Room, { ok: false }> };

/**
 * The orders to make now: what is missing first, then what ends first; never one that has to wait or that a budget does not
 * allow, together with those before it.
 */
export function planOrders(input: OrderInput): readonly Order[] {
  const { wanted, underWay, limits, now } = input;
  const due = wanted.flatMap((certificate) => {
    if (underWay.includes(certificate.name)) return [];
    const decision = decide(certificate, input);
    return decision.kind === "order" ? [decision] : [];
  });
  due.sort((a, b) => a.ends - b.ends || (a.order.name < b.order.name ? -1 : 1));
  const orders: Order[] = [];
  let ledger = input.ledger;
  for (const { order } of due) {
    if (!room(ledger, limits, order, now).ok) continue;
    ledger = [...ledger, { id: order.name, at: now, ...order }];
    orders.push(order);
  }
  return orders;
}

export function decide({ name, names }: WantedCertificate, input: OrderInput): Decision {
  const { renewals, ledger, limits, now } = input;
  const held = input.have.find((one) => one.name === name && one.notAfter > now);
  const renewal = held === undefined ? undefined : renewAt(held, renewals);
  const all = renewal === undefined || renewal.at <= now;
  const due = names.filter((one) => all || !held?.names.includes(one));
  if (renewal !== undefined && due.length === 0) return { kind: "good", renewal };
  const waits = new Map(names.map((one) => [one, waitOf(one, input)]));
  const until = Math.min(...due.map((one) => waits.get(one)?.until ?? 0));
  if (until > now) return { kind: "wait", until };
  // What one of them waits for costs the authority nothing, so all are tried with the first; but a refusal does.
  const open = names.filter((one) => (waits.get(one)?.closedUntil ?? 0) <= now);
  const order: Order = {
    name,
    names: open,
    why: held === undefined ? "new" : all ? "renewal" : "other names",
    renewal: held !== undefined && sameNames(open, held.names),
    replaces: predecessor(held, renewals),
  };
  const free = room(ledger, limits, order, now);
  if (!free.ok) return { kind: "budget", room: free };
  return { kind: "order", order, ends: order.why === "renewal" ? (held?.notAfter ?? 0) : 0 };
}

/** Until when a name is not tried by itself, and until when not even together with others. */
function waitOf(name: string, { attempts, ledger, orders, now }: OrderInput): { until: number; closedUntil: number } {
  const { nextAt: noted = 0, at = 0, kind, refusals = [] } = attempts[name] ?? {};
  const forbidden = forbiddenUntil([...refusals, ...lostOrders(ledger, name, orders)].sort((a, b) => a - b));
  const costly = kind === "refused" || kind === "limited";
  // Noted by a clock that was ahead: what costs the authority nothing need not wait for that time to come.
  const nextAt = at > now && !costly ? 0 : noted;
  return { until: Math.max(nextAt, forbidden), closedUntil: Math.max(costly ? nextAt : 0, forbidden) };
}

export function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}
