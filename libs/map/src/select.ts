import { ports } from "./autonomy.ts";
import { parseIpv4, parseNetwork } from "./ip.ts";
import type { HostEntry, Role, Site, TcpService, Tenant, ZMap } from "./model.ts";
import { covers } from "./names.ts";

/** Asked for something that the map doesn't have. */
export class NotInMapError extends Error {
  override readonly name = "NotInMapError";
  readonly code = "NOT_IN_MAP";
}

/** @throws NotInMapError, naming the sites that there are */
export function siteOf(map: ZMap, name: string): Site {
  const found = map.sites.find((site) => site.name === name);
  if (found === undefined)
    throw new NotInMapError(`find site ${name}: the map has ${map.sites.map((site) => site.name).join(" and ")}`);
  return found;
}

/** The other site; undefined while there is one only. */
export function peerSite(map: ZMap, site: string): Site | undefined {
  return map.sites.find(({ name }) => name === siteOf(map, site).peer);
}

/** Ports of the world that are not HTTP: of the map's TCP services, and those that tenants' stacks may ask for; ascending. */
export function tcpPorts(map: Pick<ZMap, "tcp" | "tenants">): readonly number[] {
  return [...map.tcp.map(({ port }) => port), ...map.tenants.flatMap(({ ports: own }) => own)].sort((a, b) => a - b);
}

/** Every host, in the order of the file's sites and of `roles`. */
export function allHosts(map: ZMap): readonly HostEntry[] {
  return map.sites.flatMap(({ hosts }) => hosts);
}

/** @throws NotInMapError */
export function hostOf(map: ZMap, id: string): HostEntry {
  const found = findHost(map, id);
  if (found === undefined)
    throw new NotInMapError(
      `find host ${id}: the map has ${allHosts(map)
        .map((host) => host.id)
        .join(", ")}`,
    );
  return found;
}

export function findHost(map: ZMap, id: string): HostEntry | undefined {
  return allHosts(map).find((host) => host.id === id);
}

/** Hosts of a role, of one site or of all. */
export function hostsOf(map: ZMap, role: Role, site?: string): readonly HostEntry[] {
  return allHosts(map).filter((host) => host.role === role && (site === undefined || host.site === site));
}

/** The host of the same name at the other site; undefined while there is one site only. */
export function peerOf(map: ZMap, host: HostEntry): HostEntry | undefined {
  return peerSite(map, host.site)?.hosts.find(({ name }) => name === host.name);
}

/**
 * Where its site's znet takes the logs of this host, and of no other: the receiver knows whose lines they are by the
 * port, which only this host's certificate opens.
 */
export function logPort(map: ZMap, host: HostEntry): number {
  const first = parseNetwork(siteOf(map, host.site).network)?.first ?? 0;
  const offset = (parseIpv4(host.address) ?? 0) - first;
  return ports.logs.from + offset;
}

/**
 * The machine at the third place, which has Ceph's third monitor; undefined without Ceph, when there is nothing to decide.
 * It is among no site's hosts.
 */
export function witnessOf(map: ZMap): HostEntry | undefined {
  if (map.witness === undefined || map.storage.kind !== "ceph" || map.sites.length < 2) return undefined;
  const fqdn = `witness.${map.internalDomain}`;
  const { address } = map.witness;
  return { id: "witness", site: "", role: "witness", name: "witness", fqdn, address, cpus: 0, memory: 0, disk: 0 };
}

type SingleRole = Exclude<Role, "zpod" | "zmah" | "witness">;

/** The site's one host of a role that is never numbered. */
export function single(map: ZMap, role: SingleRole, site: string): HostEntry {
  return hostOf(map, `${siteOf(map, site).name}/${role}`);
}

export function zcloudOf(map: ZMap, site: string): HostEntry {
  return single(map, "zcloud", site);
}

export function znetOf(map: ZMap, site: string): HostEntry {
  return single(map, "znet", site);
}

export function zfrontOf(map: ZMap, site: string): HostEntry {
  return single(map, "zfront", site);
}

export function zstoreOf(map: ZMap, site: string): HostEntry {
  return single(map, "zstore", site);
}

export function tenantOf(map: ZMap, name: string): Tenant | undefined {
  return map.tenants.find((tenant) => tenant.name === name);
}

/** Whether one of the tenant's names covers this public name. */
export function allowedName(tenant: Tenant, name: string): boolean {
  return tenant.names.some((pattern) => covers(pattern, name));
}

/** Whose name it is; the cross-checks saw to it that nobody else's pattern covers it. */
export function tenantOfName(map: ZMap, name: string): Tenant | undefined {
  return map.tenants.find((tenant) => allowedName(tenant, name));
}

/** TCP services that a stack's service answers. */
export function tcpServicesOf(map: ZMap, tenant: string, project: string, service?: string): readonly TcpService[] {
  return map.tcp.filter((tcp) => {
    return tcp.tenant === tenant && tcp.project === project && (service === undefined || tcp.service === service);
  });
}

/** The ports that the world reaches at every zfront, in ascending order. */
export function worldPorts(map: ZMap): readonly number[] {
  return [ports.http, ports.https, ...map.tcp.map(({ port }) => port)].sort((a, b) => a - b);
}

/** The site whose nats-server dials the other's: the later one in the file. */
export function dialsPeer(map: ZMap, site: string): boolean {
  return map.sites.length === 2 && map.sites[1]?.name === site;
}
