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
 * Milliseconds for one connection: `edge` to the peer's front over the distance, TCP and TLS; `site` to a server next
 * door. HAProxy pauses as long again before it asks the same server a second time, and ends a kept-alive connection
 * without a word when a server's connection times out behind it, so that the edge asks the peer twice. With hosts
 * that swallow packets at both sites, a visitor therefore waits 2 * (attempts of the peer) + one pause, measured
 * 840 ms, and must not wait a second.
 */
export const connectTimeouts = { edge: 240, site: 100 } as const;

export type SlotClassName = "patient-one" | "patient-many" | "quick-one" | "quick-many";

export const slotClasses: readonly SlotClass[] = [
  { name: "patient-one", quick: false, many: false, initial: 64, retries: 2 },
  { name: "patient-many", quick: false, many: true, initial: 32, retries: 3 },
  { name: "quick-one", quick: true, many: false, initial: 32, retries: 2 },
  { name: "quick-many", quick: true, many: true, initial: 32, retries: 3 },
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
