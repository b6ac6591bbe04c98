import {
  autonomy,
  type Flow,
  type HostEntry,
  hostsOf,
  type Party,
  type PortRange,
  peerSite,
  ports,
  siteOf,
  type VmParty,
  type ZMap,
} from "@zcloud/map";

/** One end of a flow as a zcloud sees it. */
export type End =
  | { readonly kind: "zcloud" }
  /** VMs behind this zcloud, or behind the peer's. */
  | { readonly kind: "vms"; readonly where: "local" | "peer"; readonly hosts: readonly HostEntry[] }
  | { readonly kind: "peer-zcloud"; readonly publicAddress: string }
  | { readonly kind: "world" | "internet" }
  | { readonly kind: "witness"; readonly address: string };

/** A line of the autonomy table with names and numbers, as it crosses one site's zcloud. */
export interface SiteFlow {
  readonly id: string;
  readonly what: string;
  readonly from: End;
  readonly to: End;
  readonly ports: readonly PortRange[] | "any";
}

/**
 * The lines of the table that cross the zcloud of `site`, in the order of the table: where it is on the opening side, and
 * where the peer opens towards it. Lines that stand for nothing in this map (no peer, no witness, no port) are left out.
 */
export function siteFlows(map: ZMap, site: string): readonly SiteFlow[] {
  const peer = peerSite(map, site)?.name;
  const views = peer === undefined ? [site] : [site, peer];
  return autonomy.flatMap((flow) => views.flatMap((opening) => seenFrom(map, site, flow, opening)));
}

/** The flow as opened at site `opening`, if both its ends exist and it crosses `site`. */
function seenFrom(map: ZMap, site: string, flow: Flow, opening: string): readonly SiteFlow[] {
  const [from, to] = others(endOf(map, site, flow.from, opening), endOf(map, site, flow.to, opening));
  const wanted = portsOf(map, flow);
  if (from === undefined || to === undefined || wanted.length === 0) return [];
  if (!isHere(from) && !isHere(to)) return [];
  const { id, what } = flow;
  return [{ id, what, from, to, ports: wanted }];
}

/** A host that stands at both ends needs no firewall to talk to itself. */
function others(from: End | undefined, to: End | undefined): readonly [End | undefined, End | undefined] {
  if (from?.kind !== "vms" || to?.kind !== "vms") return [from, to];
  const without = (end: End & { kind: "vms" }, other: End & { kind: "vms" }): End => {
    const [only] = other.hosts;
    if (other.hosts.length !== 1 || only === undefined || end.hosts.length === 1) return end;
    return { ...end, hosts: end.hosts.filter(({ id }) => id !== only.id) };
  };
  return [without(from, to), without(to, from)];
}

function isHere(end: End): boolean {
  return end.kind === "zcloud" || (end.kind === "vms" && end.where === "local");
}

function endOf(map: ZMap, site: string, party: Party, opening: string): End | undefined {
  if (party === "witness") return map.witness && { kind: "witness", address: map.witness.address };
  if (typeof party === "string") return { kind: party };
  const at = party.where === "local" ? opening : peerSite(map, opening)?.name;
  if (at === undefined) return undefined;
  if (party.role === "zcloud")
    return at === site ? { kind: "zcloud" } : { kind: "peer-zcloud", publicAddress: siteOf(map, at).public.ipv4 };
  const hosts = vmsOf(map, party, at);
  return hosts.length === 0 ? undefined : { kind: "vms", where: at === site ? "local" : "peer", hosts };
}

function vmsOf(map: ZMap, party: VmParty, site: string): readonly HostEntry[] {
  if (party.role === "every-vm") return siteOf(map, site).hosts.filter(({ role }) => role !== "zcloud");
  return hostsOf(map, party.role, site);
}

function portsOf(map: ZMap, flow: Flow): readonly PortRange[] | "any" {
  if (flow.dynamic === "any") return "any";
  if (flow.dynamic === "tcp-services") return map.tcp.map(({ port }) => ({ protocol: "tcp", from: port, to: port }));
  return flow.ports;
}

/** The ports of the world that lead to zfront. */
export function frontPorts(flows: readonly SiteFlow[]): readonly number[] {
  const front = flows.filter(({ from, to }) => from.kind === "world" && to.kind === "vms");
  return front
    .flatMap((flow) => (flow.ports === "any" ? [] : flow.ports.map(({ from }) => from)))
    .sort((a, b) => a - b);
}

/** The monitor's port, which the witness opens towards zstore through the uplink. */
export const witnessPort: number = ports.cephMon;
