import type { HttpOptions } from "@zcloud/events";
import type { RouteProblem } from "./claims.ts";

export { endpointLabel, type RouteProblem } from "./claims.ts";

/** An address of this site that answers for a route. */
export interface LocalServer {
  /** As its host called it; unique within the route. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly draining: boolean;
  /** An operator wants it to get no new requests: it is a last resort only. */
  readonly drained?: true;
  /** Host that runs it, `north/zpod1`. */
  readonly host: string;
}

/** Public names and who answers for them, as this site's front sees it. */
export interface Route {
  /** `tenant/project/service`; of a TCP service with `/` and its name in the map behind, or `/:` and its port. */
  readonly key: string;
  /**
   * Lower-case host names, sorted; only those that the map allows to the tenant. One that leads to several routes by its
   * paths stands at the first of them only.
   */
  readonly names: readonly string[];
  /** What requests begin with, sorted: `wiki.example.net/`, `wiki.example.net/api/`. */
  readonly places: readonly string[];
  /** Host name -> where its visitors are sent, `https://wiki.example.net`. */
  readonly redirects: ReadonlyMap<string, string>;
  /** Path that answers 2xx or 3xx when a server is well. */
  readonly health: string;
  /** Milliseconds after which a GET goes to another server; undefined: wait. */
  readonly answersWithin: number | undefined;
  readonly http: HttpOptions;
  /** Requests of all clients together that its tenant may have in ten seconds; undefined: as many as come. */
  readonly tenantRate: number | undefined;
  /** Public port of a TCP service, which has no names; undefined: HTTP by names. */
  readonly port: number | undefined;
  /** Host names whose TLS is not opened here, sorted: their servers have the keys. `names` is empty then. */
  readonly passthrough?: readonly string[];
  /** The servers are told a connection's addresses by the PROXY protocol, version 2. */
  readonly proxyProtocol: boolean;
  /** What the servers of a TCP service say first; undefined: not known, or they wait to be spoken to. */
  readonly greets?: string;
  /** Sorted by id. */
  readonly servers: readonly LocalServer[];
  /** The other site has this endpoint too, or alone. */
  readonly peer: boolean;
  /** Visitors read the maintenance page, with the operator's reason on it; connections that are passed on end at once. */
  readonly maintenance?: { readonly reason: string; readonly since: string };
}

export interface Routes {
  /** Sorted by key. */
  readonly routes: readonly Route[];
  readonly problems: readonly RouteProblem[];
}

/** Whether connections are passed on as they are, and no requests are seen. */
export function isStream({ port, passthrough }: Pick<Route, "port" | "passthrough">): boolean {
  return port !== undefined || passthrough !== undefined;
}

/** How people write what leads to a route: names, names with a path, names that redirect, or a port. */
export function placeNames({
  places,
  redirects,
  port,
  passthrough,
}: Pick<Route, "places" | "redirects" | "port" | "passthrough">): readonly string[] {
  if (port !== undefined) return [`port ${port}`];
  if (passthrough !== undefined) return passthrough;
  return [...places.map((place) => place.slice(0, -1)), ...redirects.keys()];
}

/** Whether an operator drains all servers that this site has. */
export function isAway(servers: readonly LocalServer[]): boolean {
  return servers.length > 0 && servers.every(({ drained }) => drained === true);
}

/** `tenant/project/service`, also of a TCP route. */
export function keyOfService(key: string): string {
  return key.split("/").slice(0, 3).join("/");
}
