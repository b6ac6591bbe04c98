import type { Endpoint, HttpOptions, Intent } from "@zcloud/events";
import { allowedName, tenantOf, type ZMap } from "@zcloud/map";
import { takesNew, type Wishes, wishesOf } from "./intents.ts";
import { byText } from "./order.ts";

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
  /** `tenant/project/service`; of a TCP service with `/` and its name in the map behind. */
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
  /** The servers are told a connection's addresses by the PROXY protocol, version 2. */
  readonly proxyProtocol: boolean;
  /** Sorted by id. */
  readonly servers: readonly LocalServer[];
  /** The other site has this endpoint too, or alone. */
  readonly peer: boolean;
  /** Visitors read the maintenance page. */
  readonly maintenance?: true;
}

export interface RouteProblem {
  readonly key: string;
  readonly what: string;
  readonly remedy: string;
}

export interface Routes {
  /** Sorted by key. */
  readonly routes: readonly Route[];
  readonly problems: readonly RouteProblem[];
}

/** RFC 952 and 1123 names with at least two labels; what is not one never reaches a configuration. */
const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** RFC 3986 path and query without what HAProxy's command line gives a meaning (`;`, space, quotes, backslash). */
const safePrefix = /^(\/[A-Za-z0-9\-._~]{1,100}){0,8}\/$/;
const safeTarget = /^https:\/\/[a-z0-9.-]{1,253}(\/[A-Za-z0-9\-._~]{1,100}){0,8}$/;
const safePath = /^\/[A-Za-z0-9\-._~!$&()*+,=:@/?%]{0,255}$/;

/** How people write what leads to a route: names, names with a path, names that redirect, or a port. */
export function placeNames({
  places,
  redirects,
  port,
}: Pick<Route, "places" | "redirects" | "port">): readonly string[] {
  if (port !== undefined) return [`port ${port}`];
  return [...places.map((place) => place.slice(0, -1)), ...redirects.keys()];
}

/** Whether an operator drains all servers that this site has. */
export function isAway(servers: readonly LocalServer[]): boolean {
  return servers.length > 0 && servers.every(({ drained }) => drained === true);
}

/** How people write an endpoint: `garden/wiki:web`. */
export function endpointLabel(key: string): string {
  const [tenant = "", project = "", service = ""] = key.split("/");
  return `${tenant}/${project}:${service}`;
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
    const common = {
      tenantRate: tenantOf(map, key.slice(0, key.indexOf("/")))?.requests,
      servers: serversOf(here, inForce ? wishes : undefined),
      peer: there.length > 0,
    };
    routes.push(...tcpRoutes(map, key, common));
    const claims = claimsOf([...here, ...there]).filter((claim) => {
      const refusal = refuse(map, key, claim, owner);
      if (refusal !== undefined) problems.push({ key, ...refusal });
      else owner.set(claim.place, key);
      return refusal === undefined;
    });
    if (claims.length === 0) continue;
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
      ...(wishes.maintains(key) === undefined ? {} : { maintenance: true as const }),
    });
  }
  for (const key of new Set(routes.map(keyOfService))) {
    const here = local.get(key) ?? [];
    if (!takesNew([...here, ...(remote.get(key) ?? [])], wishes)) problems.push(...uselessDrains(key, here, wishes));
  }
  return { routes, problems };
}

/** The ports of the world that the map gives to a service. */
function tcpRoutes(map: ZMap, key: string, common: Pick<Route, "tenantRate" | "servers" | "peer">): readonly Route[] {
  return map.tcp
    .filter(({ tenant, project, service }) => `${tenant}/${project}/${service}` === key)
    .map(({ name, port, proxyProtocol }) => ({
      key: `${key}/${name}`,
      names: [],
      places: [],
      redirects: new Map(),
      health: "/",
      answersWithin: undefined,
      http: {},
      port,
      proxyProtocol,
      ...common,
    }));
}

/** `tenant/project/service`, also of a TCP route. */
function keyOfService({ key }: Route): string {
  return key.split("/").slice(0, 3).join("/");
}

/** A name, or a part of it, that an endpoint asks for. */
interface Claim {
  readonly host: string;
  /** `wiki.example.net/` or `wiki.example.net/api/`. */
  readonly place: string;
  /** Where it redirects to. */
  readonly target: string | undefined;
}

/** Sorted by place, each once. Of two hosts that say different things of one name, the first is believed. */
function claimsOf(endpoints: readonly Endpoint[]): readonly Claim[] {
  const claims = new Map<string, Claim>();
  for (const { names, http: { at = [], redirects = {} } = {} } of endpoints) {
    const below = new Set(at.map((place) => place.slice(0, place.indexOf("/"))));
    const roots = names.filter((name) => !below.has(name) && redirects[name] === undefined);
    for (const place of [...roots, ...at]) {
      const claim = { host: place.replace(/\/.*$/, ""), place: `${place}/`, target: undefined };
      if (!claims.has(claim.place)) claims.set(claim.place, claim);
    }
    for (const [host, target] of Object.entries(redirects)) {
      if (!claims.has(`${host}/`)) claims.set(`${host}/`, { host, place: `${host}/`, target });
    }
  }
  return [...claims.values()].sort((a, b) => byText(a.place, b.place));
}

function refuse(map: ZMap, key: string, claim: Claim, owner: ReadonlyMap<string, string>) {
  const who = endpointLabel(key);
  const [tenantName = ""] = key.split("/");
  const { host: name, place, target } = claim;
  const asked = place.slice(0, -1);
  if (name.startsWith("*.")) {
    return {
      what: `${who} asks for ${name}, and no certificate can be had for a wildcard: authorities prove names on port 80 of each`,
      remedy: "write each name in full, e.g. wiki.garden.example.net",
    };
  }
  if (!hostName.test(name) || !safePrefix.test(place.slice(name.length))) {
    return {
      what: `${who} asks for ${JSON.stringify(asked)}, which is not a host name, nor one with a path`,
      remedy: "write the full name, e.g. wiki.garden.example.net or wiki.garden.example.net/api",
    };
  }
  if (target !== undefined && !safeTarget.test(target)) {
    return {
      what: `${who} sends visitors of ${name} to ${JSON.stringify(target)}, which is not an https address`,
      remedy: "write a host name, with a path behind it if need be, in x-zcloud.redirects",
    };
  }
  const tenant = tenantOf(map, tenantName);
  if (tenant === undefined) {
    return {
      what: `${name} of ${who} is not served: there is no tenant ${tenantName} in the map`,
      remedy: `add tenants.${tenantName}, or remove the stack`,
    };
  }
  if (!allowedName(tenant, name)) {
    return {
      what: `${name} of ${who} is not served: the map does not give this name to ${tenantName}`,
      remedy: `add it to tenants.${tenantName}.names`,
    };
  }
  const holder = owner.get(place);
  if (holder !== undefined) {
    return {
      what: `${asked} of ${who} is not served: ${endpointLabel(holder)} has this name`,
      remedy: "remove the name from one of the two",
    };
  }
  return undefined;
}

function byKey(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of [...endpoints].sort((a, b) => byText(a.host, b.host))) {
    const key = `${endpoint.tenant}/${endpoint.project}/${endpoint.service}`;
    groups.set(key, [...(groups.get(key) ?? []), endpoint]);
  }
  return groups;
}

function serversOf(endpoints: readonly Endpoint[], wishes: Wishes | undefined): readonly LocalServer[] {
  const servers = new Map<string, LocalServer>();
  for (const { host, servers: own } of endpoints) {
    for (const { id, address, port, state } of own) {
      if (servers.has(id)) continue;
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
