import { byText } from "./order.ts";
import type { Route } from "./routes.ts";

/** HAProxy map files, by name. `hosts` publishes: a name that is in it is served. */
export const mapNames = ["health", "vhosts", "answers", "hosts"] as const;
export type MapName = (typeof mapNames)[number];

/** Entries by key, sorted. */
export type MapEntries = ReadonlyMap<string, string>;

/** A route in its slot. */
export interface Placed {
  readonly route: Route;
  readonly slot: number;
}

/**
 * hosts: host name -> slot number. health: e-backend -> path that the check asks for. vhosts: e-backend -> host name
 * that it asks with. answers: e-backend -> milliseconds that a GET may take.
 */
export function frontMaps(placed: readonly Placed[]): Readonly<Record<MapName, MapEntries>> {
  const bySlot = [...placed].sort((a, b) => a.slot - b.slot);
  const hosts = placed.flatMap(({ route, slot }) => route.names.map((name) => [name, String(slot)] as const));
  return {
    health: new Map(bySlot.map(({ route, slot }) => [`e${slot}`, route.health])),
    vhosts: new Map(bySlot.map(({ route, slot }) => [`e${slot}`, route.names[0] ?? "health.invalid"])),
    answers: new Map(
      bySlot.flatMap(({ route, slot }) =>
        route.answersWithin === undefined ? [] : [[`e${slot}`, String(route.answersWithin)] as const],
      ),
    ),
    hosts: new Map(hosts.sort(([a], [b]) => byText(a, b))),
  };
}

export function mapText(entries: MapEntries): string {
  return [...entries].map(([key, value]) => `${key} ${value}\n`).join("");
}

export function mapPath(directory: string, name: MapName): string {
  return `${directory}/${name}.map`;
}
