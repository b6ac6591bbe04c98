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
  const hosts = new Map(allHosts(map).map((host) => [host.id, host]));
  const tenants = new Set(map.tenants.map(({ name }) => name));
  const found = new Map<string, Set<string>>([[`_zone.${site}.${map.internalDomain}`, new Set([ageRecord(age)])]]);
  const add = (name: string, data: string): void => {
    const all = found.get(name);
    if (all === undefined) found.set(name, new Set([data]));
    else all.add(data);
  };
  for (const { host: id, tenant, project, service, names, servers } of endpoints) {
    const host = hosts.get(id);
    if (host?.site !== site || !tenants.has(tenant) || servers.length === 0) continue;
    const stack = `${project}.${tenant}.${site}.${map.internalDomain}`;
    add(stack, `A ${host.address}`);
    add(`${service}.${stack}`, `A ${host.address}`);
    const kind = names.length === 0 ? "_tcp" : "_http._tcp";
    for (const { port } of servers) add(`${kind}.${service}.${stack}`, `SRV 0 0 ${port} ${host.fqdn}.`);
  }
  return new Map([...found].sort(byName).map(([name, all]) => [name, [...all].sort()]));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function ageRecord(age: ZoneAge): string {
  if (age.state === "live") return "TXT live";
  return age.since === undefined ? "TXT stale" : `TXT stale-since=${age.since}`;
}
