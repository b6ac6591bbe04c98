import { classOf } from "./classes.ts";
import type { Placed } from "./maps.ts";
import { isAway, type Route } from "./routes.ts";
import { allocate, type SlotState, type SlotWish, settle } from "./slots.ts";

export interface Placement {
  readonly slots: SlotState;
  readonly placed: readonly Placed[];
}

/** Routes in their slots, as a plan for this state of things would place them. The same object for the same input. */
export function place(routes: readonly Route[], slots: SlotState, now: number): Placement {
  const known = placements.get(routes);
  const same = known !== undefined && (known.from === slots || known.slots === slots);
  if (same && now >= known.at && now < known.until) return known;
  const next = allocate(slots, routes.map(wishOf), now);
  const placed: Placed[] = [];
  for (const route of routes) {
    const slot = next.taken[route.key]?.slot;
    if (slot !== undefined) placed.push(inSlot(route, slot));
  }
  // Without routes that come or leave, only a route that waits for a better class is placed elsewhere by time alone.
  const waiting = Object.values(next.taken).flatMap(({ wants }) => (wants === undefined ? [] : [wants.since + settle]));
  const until = waiting.reduce((first, at) => Math.min(first, at), Number.POSITIVE_INFINITY);
  const placement = { slots: next, placed, from: slots, at: now, until };
  placements.set(routes, placement);
  return placement;
}

const wishes = new WeakMap<Route, SlotWish>();

function wishOf(route: Route): SlotWish {
  const known = wishes.get(route);
  if (known !== undefined) return known;
  const wish = { key: route.key, class: classOf(route), atOnce: isAway(route.servers) };
  wishes.set(route, wish);
  return wish;
}

const inSlots = new WeakMap<Route, Placed>();

/** The same object for the same route in the same slot. */
function inSlot(route: Route, slot: number): Placed {
  const known = inSlots.get(route);
  if (known?.slot === slot) return known;
  const placed = { route, slot };
  inSlots.set(route, placed);
  return placed;
}

const placements = new WeakMap<
  readonly Route[],
  Placement & { readonly from: SlotState; readonly at: number; readonly until: number }
>();
