import type { Endpoint } from "@zcloud/events";
import { findHost, type ZMap } from "@zcloud/map";
import { endpointLabel, type RouteProblem } from "./routes.ts";

export interface OwnServers {
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly RouteProblem[];
}

/**
 * Endpoints with those servers only that stand at their host's own address, as the map has it. Else a host could lead
 * visitors to anything that the front reaches: loopback, where its link to the other site is (a loop), or another tenant's
 * containers on another host. A host that this site does not have serves nothing here.
 */
export function ownServers(map: ZMap, site: string, endpoints: readonly Endpoint[]): OwnServers {
  const problems: RouteProblem[] = [];
  const own = endpoints.map((endpoint) => {
    const { host, tenant, project, service, servers } = endpoint;
    const entry = findHost(map, host);
    const address = entry?.site === site ? entry.address : undefined;
    const mine = servers.filter((server) => server.address === address);
    if (mine.length === servers.length) return endpoint;
    const key = `${tenant}/${project}/${service}`;
    const strange = servers.flatMap((server) => (server.address === address ? [] : [server.address]));
    problems.push({
      key,
      what: `${host} names servers of ${endpointLabel(key)} at ${[...new Set(strange)].sort().join(", ")}, which is not its address; they get no requests`,
      remedy: "a host publishes its containers at its own address; look at its zpod service, and who has its keys",
    });
    return { ...endpoint, servers: mine };
  });
  return { endpoints: own, problems };
}
