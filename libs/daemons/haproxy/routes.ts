import type { Endpoint, HttpOptions, Intent, Server } from "@zcloud/events";
import { placeKeys, tenantOf, type ZMap } from "@zcloud/map";
import { claimsOf, endpointLabel, type RouteProblem, refuse } from "./claims.ts";
import { takesNew, type Wishes, wishesOf } from "./intents.ts";
import { byText } from "./order.ts";
import { portsOfMap, portsOfService } from "./port-claims.ts";

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

const safePath = /^\/[A-Za-z0-9\-._~!$&()*+,=:@/?%]{0,255}$/;

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

/**
 * What this site's front serves: the endpoints of this site's hosts, merged by service, and those that only the peer
 * has. A name goes to the tenant to whom the map gives it; of two claims by the same tenant the first key has it.
 * The order of the input does not matter. A drain turns nobody away: where no one else takes new requests, at either
 * site, it is not in force, and a problem says so.
 */
export function toRoutes(
  map: ZMap,
  site: readonly Endpoint[],
  peer: readonly Endpoint[],
  intents: readonly Intent[] = [],
): Routes {
  const wishes = wishesOf(
    intents,
    map.sites.map(({ name }) => name),
  );
  const problems: RouteProblem[] = [];
  const owner = new Map<string, string>();
  const certified = new Set<string>();
  const routes: Route[] = [];
  const local = byKey(site);
  const remote = byKey(peer);
  for (const key of [...new Set([...local.keys(), ...remote.keys()])].sort(byText)) {
    const here = local.get(key) ?? [];
    const there = remote.get(key) ?? [];
    const inForce = takesNew([...here, ...there], wishes);
    const tenantRate = tenantOf(map, key.slice(0, key.indexOf("/")))?.requests;
    const serving = (at: (server: Server) => number | undefined) => serversOf(here, inForce ? wishes : undefined, at);
    const worked = wishes.maintains(key);
    const rests = worked === undefined ? {} : { maintenance: { reason: worked.reason, since: worked.at } };
    const common = { ...rests, tenantRate, servers: serving(({ port }) => port), peer: there.length > 0 };
    const own = portsOfService(map, key, [...here, ...there], owner);
    problems.push(...own.problems);
    for (const { at, has, ...port } of [...portsOfMap(map, key), ...own.claims]) {
      routes.push({ ...noRequests, ...port, ...rests, tenantRate, servers: serving(at), peer: there.some(has) });
    }
    const claims = claimsOf([...here, ...there]).filter((claim) => {
      const refusal = refuse(map, key, claim, owner);
      if (refusal !== undefined) problems.push({ key, ...refusal });
      else for (const taken of placeKeys(claim.place, claim.whole).taken) owner.set(taken, key);
      return refusal === undefined;
    });
    if (claims.length === 0) continue;
    const through = (here[0] ?? there[0])?.passthrough;
    if (through !== undefined) {
      const names = claims.flatMap(({ host, whole }) => (whole ? [host] : []));
      routes.push({ ...noRequests, key, passthrough: names, proxyProtocol: through.proxyProtocol, ...common });
      continue;
    }
    const names = [...new Set(claims.map(({ host }) => host))].sort(byText).filter((name) => !certified.has(name));
    for (const name of names) certified.add(name);
    const health = (here[0] ?? there[0])?.health ?? "/";
    if (!safePath.test(health)) {
      problems.push({
        key,
        what: `health path of ${endpointLabel(key)} has characters that can't be sent; / is asked instead`,
        remedy: "use letters, digits and -._~/?=&% in x-zcloud.health",
      });
    }
    const first = here[0] ?? there[0];
    routes.push({
      key,
      names,
      places: claims.flatMap(({ place, target }) => (target === undefined ? [place] : [])),
      redirects: new Map(claims.flatMap(({ host, target }) => (target === undefined ? [] : [[host, target] as const]))),
      health: safePath.test(health) ? health : "/",
      answersWithin: shortest(here.length > 0 ? here : there),
      http: first?.http ?? {},
      port: undefined,
      proxyProtocol: false,
      ...common,
    });
  }
  for (const key of new Set(routes.map(({ key }) => keyOfService(key)))) {
    const here = local.get(key) ?? [];
    if (!takesNew([...here, ...(remote.get(key) ?? [])], wishes)) problems.push(...uselessDrains(key, here, wishes));
  }
  return { routes, problems };
}

/** Of a route whose connections are passed on as they are. */
const noRequests = {
  names: [],
  places: [],
  redirects: new Map(),
  health: "/",
  answersWithin: undefined,
  http: {},
  port: undefined,
} as const;

/** `tenant/project/service`, also of a TCP route. */
export function keyOfService(key: string): string {
  return key.split("/").slice(0, 3).join("/");
}

function byKey(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of [...endpoints].sort((a, b) => byText(a.host, b.host))) {
    const key = `${endpoint.tenant}/${endpoint.project}/${endpoint.service}`;
    groups.set(key, [...(groups.get(key) ?? []), endpoint]);
  }
  return groups;
}

/** `at`: where a server answers for the route; undefined: it doesn't. */
function serversOf(
  endpoints: readonly Endpoint[],
  wishes: Wishes | undefined,
  at: (server: Server) => number | undefined,
): readonly LocalServer[] {
  const servers = new Map<string, LocalServer>();
  for (const { host, servers: own } of endpoints) {
    for (const server of own) {
      const { id, address, state } = server;
      const port = at(server);
      if (servers.has(id) || port === undefined) continue;
      const drained = wishes?.drains(host, id) === undefined ? {} : { drained: true as const };
      servers.set(id, { id, address, port, draining: state === "draining", ...drained, host });
    }
  }
  return [...servers.values()].sort((a, b) => byText(a.id, b.id));
}

/** Drains of servers that have to serve on, because nobody else does. */
function uselessDrains(key: string, here: readonly Endpoint[], { drains }: Wishes): readonly RouteProblem[] {
  const subjects = here.flatMap(({ host, servers }) =>
    servers.flatMap(({ id, state }) => (state === "up" ? [drains(host, id)?.subject] : [])),
  );
  return [...new Set(subjects)].flatMap((subject) => {
    if (subject === undefined) return [];
    const what = `${subject} is drained and still serves ${endpointLabel(key)}: nobody else has it, at either site`;
    return [{ key, what, remedy: `start it elsewhere, or take the drain back: zctl undrain ${subject}` }];
  });
}

function shortest(endpoints: readonly Endpoint[]): number | undefined {
  const given = endpoints.flatMap(({ answersWithin }) => (answersWithin === undefined ? [] : [answersWithin]));
  return given.length === 0 ? undefined : Math.min(...given);
}
