import type { Endpoint } from "@zcloud/events";
import { allowedName, tenantOf, type ZMap } from "@zcloud/map";
import { byText } from "./order.ts";

/** An address of this site that answers for a route. */
export interface LocalServer {
  /** As its host called it; unique within the route. */
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly draining: boolean;
  /** Host that runs it, `north/zpod1`. */
  readonly host: string;
}

/** Public names and who answers for them, as this site's front sees it. */
export interface Route {
  /** `tenant/project/service`. */
  readonly key: string;
  /** Lower-case host names, sorted; only those that the map allows to the tenant. */
  readonly names: readonly string[];
  /** Path that answers 2xx or 3xx when a server is well. */
  readonly health: string;
  /** Milliseconds after which a GET goes to another server; undefined: wait. */
  readonly answersWithin: number | undefined;
  /** Sorted by id. */
  readonly servers: readonly LocalServer[];
  /** The other site has this endpoint too, or alone. */
  readonly peer: boolean;
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
const safePath = /^\/[A-Za-z0-9\-._~!$&()*+,=:@/?%]{0,255}$/;

/** How people write an endpoint: `garden/wiki:web`. */
export function endpointLabel(key: string): string {
  const [tenant = "", project = "", service = ""] = key.split("/");
  return `${tenant}/${project}:${service}`;
}

/**
 * What this site's front serves: the endpoints of this site's hosts, merged by service, and those that only the peer
 * has. A name goes to the tenant to whom the map gives it; of two claims by the same tenant the first key has it.
 * The order of the input does not matter.
 */
export function toRoutes(map: ZMap, site: readonly Endpoint[], peer: readonly Endpoint[]): Routes {
  const problems: RouteProblem[] = [];
  const owner = new Map<string, string>();
  const routes: Route[] = [];
  const local = byKey(site);
  const remote = byKey(peer);
  for (const key of [...new Set([...local.keys(), ...remote.keys()])].sort(byText)) {
    const here = local.get(key) ?? [];
    const there = remote.get(key) ?? [];
    const all = [...here, ...there];
    const names = [...new Set(all.flatMap((endpoint) => endpoint.names))].sort(byText).filter((name) => {
      const refusal = refuse(map, key, name, owner);
      if (refusal !== undefined) problems.push({ key, ...refusal });
      else owner.set(name, key);
      return refusal === undefined;
    });
    if (names.length === 0) continue;
    const health = (here[0] ?? there[0])?.health ?? "/";
    if (!safePath.test(health)) {
      problems.push({
        key,
        what: `health path of ${endpointLabel(key)} has characters that can't be sent; / is asked instead`,
        remedy: "use letters, digits and -._~/?=&% in x-zcloud.health",
      });
    }
    routes.push({
      key,
      names,
      health: safePath.test(health) ? health : "/",
      answersWithin: shortest(here.length > 0 ? here : there),
      servers: serversOf(here),
      peer: there.length > 0,
    });
  }
  return { routes, problems };
}

function refuse(map: ZMap, key: string, name: string, owner: ReadonlyMap<string, string>) {
  const who = endpointLabel(key);
  const [tenantName = ""] = key.split("/");
  if (!hostName.test(name)) {
    return {
      what: `${who} asks for ${JSON.stringify(name)}, which is not a host name`,
      remedy: "write the full name, e.g. wiki.garden.example.net",
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
  const holder = owner.get(name);
  if (holder !== undefined) {
    return {
      what: `${name} of ${who} is not served: ${endpointLabel(holder)} has this name`,
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

function serversOf(endpoints: readonly Endpoint[]): readonly LocalServer[] {
  const servers = new Map<string, LocalServer>();
  for (const { host, servers: own } of endpoints) {
    for (const { id, address, port, state } of own) {
      if (!servers.has(id)) servers.set(id, { id, address, port, draining: state === "draining", host });
    }
  }
  return [...servers.values()].sort((a, b) => byText(a.id, b.id));
}

function shortest(endpoints: readonly Endpoint[]): number | undefined {
  const given = endpoints.flatMap(({ answersWithin }) => (answersWithin === undefined ? [] : [answersWithin]));
  return given.length === 0 ? undefined : Math.min(...given);
}
