import type { Route } from "./routes.ts";

/**
 * What HAProxy fixes per backend, and a route can therefore only choose by choosing its slot.
 * `one`: the local server first, then the peer. `many`: local servers in turn, the peer as backup.
 * `quick`: a GET without an answer in time is given to another server; `patient`: it waits.
 */
export interface SlotClass {
  readonly name: SlotClassName;
  readonly quick: boolean;
  readonly many: boolean;
  /** Slots made at the first start. */
  readonly initial: number;
  /** Attempts after the first. */
  readonly retries: number;
}

/**
 * Milliseconds for one connection to a server next door (`site`), and to the peer's front over the distance with TCP
 * and TLS (`distance`, link.ts). The first is the kernel's work; the second is that of two HAProxies which may have a
 * hundred handshakes to do at once on a machine that starves. HAProxy pauses for as long as the first before it asks
 * the last server left again.
 */
export const connectTimeouts = { site: 100, distance: 2000 } as const;

export type SlotClassName = "patient-one" | "patient-many" | "quick-one" | "quick-many";

export const slotClasses: readonly SlotClass[] = [
  { name: "patient-one", quick: false, many: false, initial: 64, retries: 4 },
  { name: "patient-many", quick: false, many: true, initial: 32, retries: 8 },
  { name: "quick-one", quick: true, many: false, initial: 32, retries: 4 },
  { name: "quick-many", quick: true, many: true, initial: 32, retries: 8 },
];

export function slotClass(name: SlotClassName): SlotClass {
  const found = slotClasses.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`find slot class: there is no ${name}`);
  return found;
}

/** The class that suits a route as it is now. */
export function classOf(route: Route): SlotClassName {
  const many = route.servers.filter(({ draining }) => !draining).length > 1;
  return `${route.answersWithin === undefined ? "patient" : "quick"}-${many ? "many" : "one"}`;
}
