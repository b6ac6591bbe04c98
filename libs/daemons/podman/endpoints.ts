import type { StackSpec } from "@zcloud/daemons/stack";
import type { Endpoint, Server, TcpPort } from "@zcloud/events";
import { type Container, isWell } from "./containers.ts";

/**
 * What this host serves, by key of the bucket `endpoints`. A service that should be reachable but has no healthy
 * container keeps its entry, with no servers: its names stay known.
 * @param host id of this host, `north/zpod1`
 */
export function endpointsOf(
  host: { readonly id: string; readonly name: string; readonly address: string },
  stacks: readonly StackSpec[],
  containers: readonly Container[],
): ReadonlyMap<string, Endpoint> {
  const entries = stacks.flatMap(({ tenant, project, services }) =>
    services.flatMap(({ name: service, endpoint }): readonly (readonly [string, Endpoint])[] => {
      if (endpoint === undefined) return [];
      const { names, health, answersWithin, http, passthrough, tcp = [] } = endpoint;
      const own = containers.filter(
        (one) => one.tenant === tenant && one.project === project && one.service === service,
      );
      const servers = own
        .flatMap((one) => serverOf(one, endpoint.port, tcp, host.address))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const value: Endpoint = {
        v: 1,
        host: host.id,
        tenant,
        project,
        service,
        names: [...names].sort(),
        health,
        ...(answersWithin === undefined ? {} : { answersWithin }),
        ...(Object.keys(http).length === 0 ? {} : { http }),
        ...(passthrough === undefined ? {} : { passthrough }),
        ...(tcp.length === 0 ? {} : { tcp: [...tcp] }),
        servers,
      };
      return [[`${host.name}.${tenant}.${project}.${service}`, value]];
    }),
  );
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function serverOf(container: Container, port: number, tcp: readonly TcpPort[], address: string): readonly Server[] {
  const published = container.published.get(port);
  if (published === undefined || !isWell(container)) return [];
  const ports = Object.fromEntries(
    tcp.flatMap((one) => {
      const at = container.published.get(one.port);
      return at === undefined ? [] : [[String(one.port), at.port]];
    }),
  );
  return [
    {
      id: container.id.slice(0, 12),
      address: published.address === "" || published.address === "0.0.0.0" ? address : published.address,
      port: published.port,
      ...(tcp.length === 0 ? {} : { ports }),
      state: "up",
    },
  ];
}
