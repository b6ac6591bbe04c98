import { type Path, ports, type Tenant } from "@zcloud/map";
import { type Finding, isRecord } from "./compose.ts";

/** Where names are served. */
const named: ReadonlySet<number> = new Set([ports.http, ports.https]);

/** What is wrong with the ports of a service: none at all, or one of the world that its tenant does not have. */
export function portFindings(value: unknown, tenant: Tenant, path: Path): readonly Finding[] {
  if (!isRecord(value)) return [];
  const { port, tcp } = value;
  if (port === undefined && (tcp === undefined || value["names"] !== undefined || value["redirects"] !== undefined)) {
    const message = "must be the port that the service listens on in its container, e.g. 8080";
    return [{ path: [...path, "port"], message }];
  }
  const own = tenant.ports.length === 0 ? "none yet" : tenant.ports.join(", ");
  return (Array.isArray(tcp) ? tcp : []).flatMap((one: unknown, index): readonly Finding[] => {
    const wanted = isRecord(one) ? one["public"] : undefined;
    if (typeof wanted !== "number" || tenant.ports.includes(wanted)) return [];
    const remedy = named.has(wanted)
      ? "is where the front serves names; write names: [...] and port: N instead"
      : `is not a port of tenant ${tenant.name}, which has ${own}; use one of those, or add it to tenants.${tenant.name}.ports in the map`;
    return [{ path: [...path, "tcp", index, "public"], message: `port ${wanted} ${remedy}` }];
  });
}
