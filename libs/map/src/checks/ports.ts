import { ports } from "../autonomy.ts";
import { didYouMean } from "../did-you-mean.ts";
import { type Draft, entriesOf, wasCut } from "../draft.ts";
import type { Finding } from "../findings.ts";
import { formatPath, type Path } from "../problems.ts";

/** What zFront, or the zCloud before it, listens at already. */
const frontPorts = new Map<number, string>([
  [ports.ssh, "SSH"],
  [ports.http, "HTTP"],
  [ports.https, "HTTPS"],
  [ports.peerFront, "zFront's peer listener"],
  [ports.peerFrontTcp, "zFront's peer listener"],
  [ports.peerLink, "zFront's link to its peer"],
  [ports.peerLinkTcp, "zFront's link to its peer"],
  [ports.peerTcpLocal, "zFront's peer listener"],
  [ports.frontTables, "HAProxy's counters"],
  [ports.frontSelf, "zFront's checks of itself"],
  [ports.frontAlarms, "HAProxy's alarms"],
  [ports.service, "the services' health and metrics"],
  [ports.frontMetrics, "HAProxy's metrics"],
]);

const mahPorts = new Map<number, string>([
  [ports.ssh, "SSH"],
  [ports.service, "the services' health and metrics"],
]);

const sections = [
  { key: "tcp", taken: frontPorts },
  { key: "replication", taken: mahPorts },
] as const;

export function portClash(draft: Draft): Finding[] {
  return sections.flatMap(({ key, taken }) => {
    const entries = entriesOf(draft[key]);
    return entries.flatMap(([name, { port }], index) => {
      const path = [key, name, "port"];
      if (port === undefined) return [];
      const owner = taken.get(port);
      if (owner !== undefined) return [{ path, message: `port ${port} is taken by ${owner}; choose another` }];
      if (key === "replication" && port >= ports.published.from && port <= ports.published.to) {
        const range = `${ports.published.from} to ${ports.published.to}`;
        return [
          {
            path,
            message: `port ${port} is among those that containers are published at (${range}); choose one below`,
          },
        ];
      }
      const twin = entries.slice(0, index).find(([, other]) => other.port === port);
      if (twin === undefined) return [];
      const other = [key, twin[0], "port"];
      return [{ path, message: `port ${port} is already ${formatPath(other)}; choose another`, seeAlso: other }];
    });
  });
}

/** A port of a tenant's is nobody else's, and none that the hosts need. */
export function tenantPortClash(draft: Draft): Finding[] {
  const owners = new Map<number, Path>();
  for (const [name, { port }] of entriesOf(draft.tcp)) if (port !== undefined) owners.set(port, ["tcp", name, "port"]);
  return entriesOf(draft.tenants).flatMap(([tenant, { ports: wanted = [] }]) =>
    wanted.flatMap((port, index): Finding[] => {
      if (port === undefined) return [];
      const path = ["tenants", tenant, "ports", index];
      const needed = frontPorts.get(port);
      if (needed !== undefined) return [{ path, message: `port ${port} is taken by ${needed}; choose another` }];
      const other = owners.get(port);
      owners.set(port, other ?? path);
      if (other === undefined) return [];
      return [{ path, message: `port ${port} is already ${formatPath(other)}; remove one of the two`, seeAlso: other }];
    }),
  );
}

/** A service of the map must belong to a tenant of the map. */
export function unknownTenant(draft: Draft): Finding[] {
  if (wasCut(draft, "tenants")) return [];
  const tenants = Object.keys(draft.tenants ?? {});
  return sections.flatMap(({ key }) =>
    entriesOf(draft[key]).flatMap(([name, { stack }]) => {
      const tenant = stack?.split("/")[0];
      if (tenant === undefined || tenants.includes(tenant)) return [];
      const near = didYouMean(tenant, tenants);
      const remedy =
        near === undefined
          ? `add it to tenants, or name one of ${tenants.join(", ") || "those you add"}`
          : `did you mean ${near}?`;
      return [{ path: [key, name, "stack"], message: `there is no tenant ${tenant}; ${remedy}` }];
    }),
  );
}
