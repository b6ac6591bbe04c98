import type { Placed } from "./maps.ts";
import type { RunningServers } from "./parse.ts";

/** Who is in which slot, and what the process has there. */
export interface Slots {
  readonly placed: readonly Placed[];
  readonly servers: RunningServers;
}

/** Slots whose route, or one of whose servers, is another object than before. */
export function changedSlots(before: Slots, now: Slots): ReadonlySet<number> {
  const slots = new Set<number>();
  if (before.placed !== now.placed) {
    const [was, is] = [new Set(before.placed), new Set(now.placed)];
    for (const one of before.placed) if (!is.has(one)) slots.add(one.slot);
    for (const one of now.placed) if (!was.has(one)) slots.add(one.slot);
  }
  if (before.servers !== now.servers) {
    now.servers.forEach((group, backend) => {
      if (before.servers.get(backend) !== group) slots.add(slotOf(backend));
    });
    before.servers.forEach((_, backend) => {
      if (!now.servers.has(backend)) slots.add(slotOf(backend));
    });
  }
  return slots;
}

/** Of `e7` or `l7`. */
const slotOf = (backend: string): number => Number(backend.slice(1));
