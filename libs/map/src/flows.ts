import { autonomy, type Flow, type FlowKind, ports as fixed, type Party, type PortRange } from "./autonomy.ts";
import type { HostEntry, Role, Site, ZMap } from "./model.ts";
import { hostOf, siteOf, tcpPorts } from "./select.ts";

/** One end of a connection. */
export interface Place {
  /** `north/zpod1`, `witness`, or `world` and `internet` for what is outside. */
  readonly id: string;
  /** IPv4 address of one machine; `0.0.0.0/0` for what is outside. */
  readonly address: string;
  /** Networks and addresses that are not meant, though `address` covers them. */
  readonly except: readonly string[];
}

/** A line of the autonomy table for one site's local hosts, with addresses and ports. */
export interface ResolvedFlow {
  /** Of the line; a line about peers gives one flow for each direction. */
  readonly id: string;
  readonly kind: FlowKind;
  readonly what: string;
  readonly from: readonly Place[];
  readonly to: readonly Place[];
  readonly ports: readonly PortRange[] | "any";
}

/** Lines in which this role opens connections; to `every-vm` too, unless it is the hypervisor. */
export function flowsFrom(role: Role): readonly Flow[] {
  return autonomy.filter((flow) => isParty(flow.from, role));
}

/** Lines in which this role is connected to. */
export function flowsTo(role: Role): readonly Flow[] {
  return autonomy.filter((flow) => isParty(flow.to, role));
}

function isParty(party: Party, role: Role): boolean {
  if (typeof party === "string") return false;
  return party.role === role || (party.role === "every-vm" && role !== "zcloud");
}

/**
 * Every connection that the table allows and that begins or ends at this site, in the table's order. What needs a
 * peer, a witness or ports that the map doesn't have is left out. This is what a site's firewall lets through.
 * @throws NotInMapError
 */
export function resolveFlows(map: ZMap, site: string): readonly ResolvedFlow[] {
  const here = siteOf(map, site);
  return autonomy.flatMap((flow) =>
    map.sites
      .map((local) => resolveFlow(map, flow, local))
      .filter((resolved) => resolved !== undefined && touches(resolved, here)),
  ) as ResolvedFlow[];
}

/**
 * Whether the table lets `from` open a connection to `to`: host ids, `witness`, or `world` (also called `internet`).
 * @throws NotInMapError for a host that the map doesn't have
 */
export function mayConnect(map: ZMap, from: string, to: string, protocol: "tcp" | "udp", port: number): boolean {
  const [source, target] = [from, to].map((id) => (outside.has(id) ? id : hostOf(map, id).id));
  return map.sites
    .flatMap(({ name }) => resolveFlows(map, name))
    .some(
      (flow) =>
        flow.from.some(({ id }) => same(id, source)) &&
        flow.to.some(({ id }) => same(id, target)) &&
        hasPort(flow, protocol, port),
    );
}

const outside = new Set(["world", "internet", "witness"]);

function same(a: string, b: string | undefined): boolean {
  const plain = (id: string | undefined) => (id === "internet" ? "world" : id);
  return plain(a) === plain(b);
}

function hasPort({ ports }: ResolvedFlow, protocol: "tcp" | "udp", port: number): boolean {
  return (
    ports === "any" || ports.some((range) => range.protocol === protocol && range.from <= port && port <= range.to)
  );
}

function touches(flow: ResolvedFlow, site: Site): boolean {
  return [...flow.from, ...flow.to].some(({ id }) => site.hosts.some((host) => host.id === id));
}

function resolveFlow(map: ZMap, flow: Flow, local: Site): ResolvedFlow | undefined {
  const ports = resolvePorts(map, flow);
  const all = { from: placesOf(map, flow, flow.from, local), to: placesOf(map, flow, flow.to, local) };
  // Nobody connects to itself over the network: znet is not among the VMs that it serves.
  const from = isEveryVm(flow.from) ? all.from.filter(({ id }) => !all.to.some((place) => place.id === id)) : all.from;
  const to = isEveryVm(flow.to) ? all.to.filter(({ id }) => !all.from.some((place) => place.id === id)) : all.to;
  if (from.length === 0 || to.length === 0 || ports.length === 0) return undefined;
  return { id: flow.id, kind: flow.kind, what: flow.what, from, to, ports };
}

function isEveryVm(party: Party): boolean {
  return typeof party !== "string" && party.role === "every-vm";
}

function resolvePorts(map: ZMap, flow: Flow): readonly PortRange[] | "any" {
  const tcp = ({ port }: { port: number }): PortRange => ({ protocol: "tcp", from: port, to: port });
  if (flow.dynamic === "any") return "any";
  if (flow.dynamic === "tcp-services") return tcpPorts(map).map((port) => tcp({ port }));
  if (flow.dynamic === "tenant-logs") return map.log.name === undefined ? [] : [tcp({ port: fixed.tenantLogs })];
  if (flow.dynamic === "replication") return map.replication.map(tcp);
  return flow.ports;
}

function placesOf(map: ZMap, flow: Flow, party: Party, local: Site): readonly Place[] {
  const networks = map.sites.map(({ network }) => network);
  const witness = map.witness?.address;
  if (party === "world") return [{ id: "world", address: "0.0.0.0/0", except: networks }];
  if (party === "internet") {
    // Only monitors may reach the witness: a client that sees it hides a cut between the sites from Ceph.
    return [
      { id: "internet", address: "0.0.0.0/0", except: witness === undefined ? networks : [...networks, witness] },
    ];
  }
  if (party === "witness") return witness === undefined ? [] : [{ id: "witness", address: witness, except: [] }];
  const site = party.where === "local" ? local : map.sites.find(({ name }) => name === local.peer);
  const hosts = site?.hosts.filter(({ role }) => role === party.role || (isEveryVm(party) && role !== "zcloud")) ?? [];
  return hosts.map((host) => ({ id: host.id, address: addressOf(flow, host, site), except: [] }));
}

function addressOf(flow: Flow, host: HostEntry, site: Site | undefined): string {
  return flow.over === "public" && host.role === "zcloud" ? (site?.public.ipv4 ?? host.address) : host.address;
}
