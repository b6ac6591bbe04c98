import type { Endpoint } from "@zcloud/events";
import { ownTenant, ports, type Tenant, type ZMap, znetOf } from "@zcloud/map";

/** What the routes of a front are made of, with what the installation itself serves. */
export interface Whole {
  /** With the installation itself as a tenant, which has the name. */
  readonly map: ZMap;
  /** A site's own: its znet's answers to tenants who read their log lines. */
  readonly own: ReadonlyMap<string, Endpoint>;
}

/** The same object for the same map: what did not change need not be made again. */
export function ownEndpoints(): (map: ZMap) => Whole {
  let latest: { readonly of: ZMap; readonly whole: Whole } | undefined;
  return (map) => {
    if (latest?.of !== map) latest = { of: map, whole: wholeOf(map) };
    return latest.whole;
  };
}

function wholeOf(map: ZMap): Whole {
  const { name } = map.log;
  if (name === undefined) return { map, own: new Map() };
  const itself: Tenant = {
    name: ownTenant,
    names: [name],
    ports: [],
    volumes: 0,
    memory: 0,
    cpus: 0,
    stacks: 0,
    requests: undefined,
    tokens: [],
  };
  const own = map.sites.map(({ name: site }): [string, Endpoint] => [site, logsOf(map, site, name)]);
  return { map: { ...map, tenants: [...map.tenants, itself] }, own: new Map(own) };
}

function logsOf(map: ZMap, site: string, name: string): Endpoint {
  const { id, address } = znetOf(map, site);
  return {
    v: 1,
    host: id,
    tenant: ownTenant,
    project: "logs",
    service: site,
    names: [name],
    health: `/${site}/healthz`,
    // Whoever follows may hear nothing for long.
    http: { at: [`${name}/${site}`], timeout: 3_600_000, rate: 100 },
    servers: [{ id: `znet-${site}`, address, port: ports.tenantLogs, state: "up" }],
  };
}

/** No host serves what is the installation's, whatever it says: it would be given tenants' tokens. */
export function ofTenants(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.filter(({ tenant }) => tenant !== ownTenant);
}
