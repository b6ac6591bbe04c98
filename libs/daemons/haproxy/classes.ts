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
 * Milliseconds for one connection. `edge`: an `e` slot's, to a server next door or through the link to the peer's front;
 * HAProxy counts in what HTTP/2 begins with, so the distance and its handshake have to fit, and an attempt that is
 * late is made again. `site`: an `l` slot's, to a server next door. `distance`: the link's own, TCP and TLS (link.ts).
 */
export const connectTimeouts = { edge: 200, site: 100, distance: 2000 } as const;

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
