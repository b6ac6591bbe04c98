import type { Endpoint, Server } from "@zcloud/events";
import { placeKeys, tenantOf, type ZMap } from "@zcloud/map";
import { endpointLabel, type Ledger, type RouteProblem } from "./claims.ts";

/** A port of the world that leads to a service. */
export interface PortClaim {
  /** Of its route. */
  readonly key: string;
  readonly port: number;
  readonly proxyProtocol: boolean;
  readonly greets?: string;
  /** Where a server of the service answers for it; undefined: it doesn't. */
  at(server: Server): number | undefined;
  /** Whether this host says that it serves the port. */
  has(endpoint: Endpoint): boolean;
}

/** Ports that the map gives to a service: its endpoint's own port answers there. */
export function portsOfMap(map: ZMap, key: string): readonly PortClaim[] {
  return map.tcp
    .filter(({ tenant, project, service }) => `${tenant}/${project}/${service}` === key)
    .map(({ name, port, proxyProtocol, greets }) => {
      const promised = greets === undefined ? {} : { greets };
      return { key: `${key}/${name}`, port, proxyProtocol, ...promised, at: (server) => server.port, has: () => true };
    });
}

/**
 * Ports that a service asks for itself. Of two services that ask for one port the first key has it; `owner` remembers
 * who has what. What the map does not allow to the tenant is a problem.
 */
export function portsOfService(
  map: ZMap,
  key: string,
  endpoints: readonly Endpoint[],
  owner: Ledger,
): { readonly claims: readonly PortClaim[]; readonly problems: readonly RouteProblem[] } {
  const wanted = new Map(endpoints.flatMap(({ tcp = [] }) => tcp).map((one) => [one.public, one]));
  const allowed = tenantOf(map, key.slice(0, key.indexOf("/")))?.ports ?? [];
  const claims: PortClaim[] = [];
  const problems: RouteProblem[] = [];
  const [tenant] = key.split("/");
  for (const { public: port, port: inside, proxyProtocol, greets } of [...wanted.values()].sort(
    (a, b) => a.public - b.public,
  )) {
    const { asked, taken } = placeKeys(`port ${port}`, true);
    const holder = asked.map((one) => owner.get(one)).find((other) => other !== undefined);
    if (!allowed.includes(port)) {
      const what = `port ${port} of ${endpointLabel(key)} is not served: the map does not allow it to ${tenant}`;
      problems.push({ key, what, remedy: `add it to tenants.${tenant}.ports` });
    } else if (holder !== undefined) {
      const what = `port ${port} of ${endpointLabel(key)} is not served: ${endpointLabel(holder)} has it`;
      problems.push({ key, what, remedy: "remove the port from one of the two" });
    } else {
      for (const one of taken) owner.set(one, key);
      const has = ({ tcp = [] }: Endpoint): boolean => tcp.some((one) => one.public === port);
      // No name of the map's can have a colon, so no key of the two kinds is the same.
      const at = ({ ports }: Server): number | undefined => ports?.[String(inside)];
      claims.push({
        key: `${key}/:${port}`,
        port,
        proxyProtocol,
        ...(greets === undefined ? {} : { greets }),
        at,
        has,
      });
    }
  }
  return { claims, problems };
}
