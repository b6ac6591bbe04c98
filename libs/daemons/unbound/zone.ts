import type { Endpoint } from "@zcloud/events";
import { allHosts, type ZMap } from "@zcloud/map";
import type { Records } from "./records.ts";

/** What a site's resolver knows of the other site's zone. `since`: RFC 3339, when it was last confirmed. */
export type ZoneAge = { readonly state: "live" } | { readonly state: "stale"; readonly since?: string };

/** One site's part of the internal domain: its endpoints, and how fresh they are. */
export interface Zone {
  readonly site: string;
  readonly endpoints: Iterable<Endpoint>;
  readonly age: ZoneAge;
}

/**
 * Where a site's stacks run, below its part of the internal domain:
 * - `hello.demo.north.zcloud.internal` (stack and tenant) and `web.hello.demo.north.zcloud.internal` (service of it): the hosts;
 * - `_http._tcp.web.hello.demo.north.zcloud.internal` (RFC 2782; `_tcp` alone if it has no public names): host and port of every server;
 * - `_zone.north.zcloud.internal`, TXT: `live`, or `stale-since=...` while its site does not answer.
 * Only what the map knows of can stand in a zone: hosts of that site, stacks of tenants. Addresses are the map's.
 */
export function zoneRecords(map: ZMap, { site, endpoints, age }: Zone): Records {
  const found = new Map<string, readonly string[]>([[`_zone.${site}.${map.internalDomain}`, [ageRecord(age)]]]);
  const of = known(map);
  for (const endpoint of endpoints) {
    if (!endpoint.host.startsWith(`${site}/`)) continue;
    for (const [name, data] of of(endpoint)) {
      const before = found.get(name);
      found.set(name, before === undefined ? data : [...new Set([...before, ...data])].sort());
    }
  }
  // By name alone: a comparing function would take most of the time beside thousands of names.
  return new Map([...found.keys()].sort().map((name) => [name, found.get(name) ?? []]));
}

type Said = ReadonlyMap<string, readonly string[]>;

/** What was made of endpoints before: of thousands, one changes. */
const made = new WeakMap<ZMap, WeakMap<Endpoint, Said>>();

function known(map: ZMap): (endpoint: Endpoint) => Said {
  const before = made.get(map) ?? new WeakMap<Endpoint, Said>();
  made.set(map, before);
  let say: ((endpoint: Endpoint) => Said) | undefined;
  return (endpoint) => {
    const there = before.get(endpoint);
    if (there !== undefined) return there;
    say ??= speaker(map);
    const said = say(endpoint);
    before.set(endpoint, said);
    return said;
  };
}

/** What each endpoint adds to its site's zone. */
function speaker(map: ZMap): (endpoint: Endpoint) => Said {
  const hosts = new Map(allHosts(map).map((host) => [host.id, host]));
  const tenants = new Set(map.tenants.map(({ name }) => name));
  return ({ host: id, tenant, project, service, names, servers }) => {
    const host = hosts.get(id);
    if (host === undefined || !tenants.has(tenant) || servers.length === 0) return new Map();
    const stack = `${project}.${tenant}.${host.site}.${map.internalDomain}`;
    const kind = names.length === 0 ? "_tcp" : "_http._tcp";
    const ports = [...new Set(servers.map(({ port }) => `SRV 0 0 ${port} ${host.fqdn}.`))].sort();
    return new Map([
      [stack, [`A ${host.address}`]],
      [`${service}.${stack}`, [`A ${host.address}`]],
      [`${kind}.${service}.${stack}`, ports],
    ]);
  };
}

function ageRecord(age: ZoneAge): string {
  if (age.state === "live") return "TXT live";
  return age.since === undefined ? "TXT stale" : `TXT stale-since=${age.since}`;
}
