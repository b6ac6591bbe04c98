import type { Endpoint } from "@zcloud/events";
import { allHosts, covers, type ZMap, zfrontOf } from "@zcloud/map";

/** Public name (lower case, no final dot) -> IPv4 address that answers for it inside the site. */
export type Records = ReadonlyMap<string, string>;

export const recordTtl = 30;

/**
 * Split horizon: every public name that an endpoint of either site has answers with this site's own front, which
 * serves it or passes it on. Only names that the map gives to the endpoint's tenant: an endpoint can't take others.
 */
export function desiredRecords(map: ZMap, site: string, endpoints: Iterable<Endpoint>): Records {
  const front = zfrontOf(map, site).address;
  const patterns = new Map(map.tenants.map((tenant) => [tenant.name, tenant.names]));
  const names = new Set<string>();
  for (const endpoint of endpoints) {
    const allowed = patterns.get(endpoint.tenant) ?? [];
    for (const name of endpoint.names) {
      const lower = name.toLowerCase();
      if (allowed.some((pattern) => covers(pattern, lower))) names.add(lower);
    }
  }
  return new Map([...names].sort().map((name) => [name, front]));
}

/** The include file that a restart reads. */
export function renderNames(records: Records): string {
  const lines = [...records].map(([name, address]) => `local-data: "${record(name, address)}"\n`);
  return `# Written by znet from the endpoints; changes are overwritten.\n${lines.join("")}`;
}

/** A record as `local_data` takes it. */
export function record(name: string, address: string): string {
  return `${name}. ${recordTtl} IN A ${address}`;
}

/** Address records in the answer to `list_local_data`, without those that the configuration itself gives (hosts). */
export function parseRecords(listed: string, map: ZMap): Records {
  const hosts = new Set(allHosts(map).flatMap((host) => [host.fqdn, `${host.name}.${host.site}`, host.name]));
  const found = new Map<string, string>();
  for (const line of listed.split("\n")) {
    const [owner = "", , , type, address] = line.trim().split(/\s+/);
    const name = owner.replace(/\.$/, "").toLowerCase();
    if (type !== "A" || address === undefined || hosts.has(name) || builtIn.has(name)) continue;
    found.set(name, address);
  }
  return found;
}

/** Unbound's own: RFC 6761. */
const builtIn = new Set(["localhost"]);
