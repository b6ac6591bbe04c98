import type { Endpoint } from "@zcloud/events";
import { allHosts, covers, hostNamePattern, type ZMap, zfrontOf } from "@zcloud/map";

/**
 * Name (lower case, no final dot) -> what the site's resolver says of it by itself: type and data as Unbound lists them, in
 * order, e.g. `A 10.64.1.3`, `SRV 0 0 40001 zpod1.north.zcloud.internal.`, `TXT live`.
 */
export type Records = ReadonlyMap<string, readonly string[]>;

/** Seconds. */
export const recordTtl = 30;

/**
 * Split horizon: every public name that an endpoint of either site has answers with this site's own front, which
 * serves it or passes it on. Only names that the map gives to the endpoint's tenant: an endpoint can't take others.
 */
export function publicRecords(map: ZMap, site: string, endpoints: Iterable<Endpoint>): Records {
  const front = zfrontOf(map, site).address;
  const patterns = new Map(map.tenants.map((tenant) => [tenant.name, tenant.names]));
  const names = new Set<string>();
  for (const endpoint of endpoints) {
    const allowed = patterns.get(endpoint.tenant) ?? [];
    for (const name of endpoint.names) {
      const lower = name.toLowerCase();
      if (hostNamePattern.test(lower) && allowed.some((pattern) => covers(pattern, lower))) names.add(lower);
    }
  }
  const data = [`A ${front}`];
  return new Map([...names].sort().map((name) => [name, data]));
}

/** The records of all of these; no name is in two of them. */
export function joinRecords(...parts: readonly Records[]): Records {
  const all = new Map<string, readonly string[]>();
  for (const part of parts) for (const [name, data] of part) all.set(name, data);
  return all;
}

/** The include file that a restart reads. */
export function renderNames(records: Records): string {
  let text = "# Written by znet from the endpoints; changes are overwritten.\n";
  for (const [name, all] of records) for (const one of all) text += `local-data: "${record(name, one)}"\n`;
  return text;
}

/** A record as `local_data` takes it. */
export function record(name: string, data: string): string {
  return `${name}. ${recordTtl} IN ${data}`;
}

/** Records in the answer to `list_local_data`, without those that the configuration itself gives (hosts). */
export function parseRecords(listed: string, map: ZMap): Records {
  const hosts = new Set(allHosts(map).flatMap((host) => [host.fqdn, `${host.name}.${host.site}`, host.name]));
  const found = new Map<string, string[]>();
  for (const line of listed.split("\n")) {
    const [owner = "", , kind, type = "", ...data] = line.trim().split(/\s+/);
    const name = owner.replace(/\.$/, "").toLowerCase();
    if (kind !== "IN" || !ours.has(type) || hosts.has(name) || builtIn.has(name)) continue;
    const one = `${type} ${data.join(" ").replaceAll('"', "")}`;
    const all = found.get(name);
    if (all === undefined) found.set(name, [one]);
    else all.push(one);
  }
  for (const all of found.values()) all.sort();
  return found;
}

const ours = new Set(["A", "SRV", "TXT"]);

/** Unbound's own: RFC 6761. */
const builtIn = new Set(["localhost"]);
