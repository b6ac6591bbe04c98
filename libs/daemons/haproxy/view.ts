import type { RunningServer } from "./parse.ts";
import { place } from "./place.ts";
import type { ObservedFront } from "./plan.ts";
import { endpointLabel, placeNames, type Route } from "./routes.ts";
import { isPeer } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";

/** A route as `zctl routes` shows it. */
export interface RouteView {
  /** With their paths, and those that redirect. */
  readonly names: readonly string[];
  /** `garden/wiki:web`. */
  readonly endpoint: string;
  readonly slot: number | undefined;
  /** What comes: requests, connections to a port, or TLS that is not opened here. */
  readonly kind: "http" | "tcp" | "passthrough";
  /** In HAProxy's words; unchecked last resorts are left out. */
  readonly servers: readonly {
    readonly name: string;
    readonly host: string;
    readonly address: string;
    readonly port: number;
    readonly state: string;
  }[];
  /** Site whose servers answer visitors of this front now; undefined: nobody does. */
  readonly servedBy: string | undefined;
  /** The name whose certificate ends first. `until`: RFC 3339; undefined: only the placeholder is shown. */
  readonly certificate: { readonly name: string; readonly until: string | undefined };
}

/** Routes with what HAProxy says of their servers now. */
export function routeViews(
  settings: FrontSettings,
  routes: readonly Route[],
  observed: ObservedFront,
): readonly RouteView[] {
  const { placed } = place(routes, observed.slots, observed.now);
  const ends = new Map(observed.certificates.flatMap(({ names, notAfter }) => names.map((name) => [name, notAfter])));
  return placed.map(({ route, slot }) => {
    const running = observed.running?.servers.get(`e${slot}`) ?? new Map<string, RunningServer>();
    const shown = [...running].filter(([name]) => !name.endsWith(".last"));
    const drained = route.servers.filter((one) => one.drained === true && running.has(`${one.id}.last`));
    const active = shown.map(([name, { address, port, status }]) => {
      const local = route.servers.find(({ id }) => id === name);
      const host = isPeer(name) ? `${name.slice("peer.".length)}/zfront` : (local?.host ?? "gone");
      return { name, host, address, port, state: status };
    });
    const servers = [
      ...active.filter(({ name }) => !drained.some(({ id }) => id === name)),
      ...drained.map(({ id: name, host, address, port }) => ({ name, host, address, port, state: "DRAINED" })),
    ];
    const up = servers.some(({ name, state }) => !isPeer(name) && state.startsWith("UP"));
    const peer = route.peer ? settings.peer?.site : undefined;
    return {
      names: placeNames(route),
      endpoint: endpointLabel(route.key),
      slot,
      kind: kindOf(route),
      servers,
      servedBy: up ? settings.site : peer,
      certificate: firstToEnd(hostsOf(route), ends),
    };
  });
}

function kindOf({ port, passthrough }: Route): RouteView["kind"] {
  if (port !== undefined) return "tcp";
  return passthrough === undefined ? "http" : "passthrough";
}

function hostsOf({ places, redirects }: Route): readonly string[] {
  return [...new Set([...places.map((place) => place.slice(0, place.indexOf("/"))), ...redirects.keys()])];
}

function firstToEnd(names: readonly string[], ends: ReadonlyMap<string, number>): RouteView["certificate"] {
  const found = names.map((name) => ({ name, notAfter: ends.get(name) }));
  const worst = found.sort((a, b) => (a.notAfter ?? 0) - (b.notAfter ?? 0))[0];
  const until = worst?.notAfter === undefined ? undefined : new Date(worst.notAfter).toISOString();
  return { name: worst?.name ?? "", until };
}
