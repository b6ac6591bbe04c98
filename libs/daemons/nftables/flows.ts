import {
  findHost,
  type HostEntry,
  type Place,
  type PortRange,
  ports,
  type ResolvedFlow,
  resolveFlows,
  type ZMap,
} from "@zcloud/map";

/** One end of a flow as a zcloud sees it. */
export type End =
  | { readonly kind: "zcloud" }
  /** VMs behind this zcloud, or behind the peer's. */
  | { readonly kind: "vms"; readonly where: "local" | "peer"; readonly hosts: readonly HostEntry[] }
  | { readonly kind: "peer-zcloud"; readonly address: string }
  | { readonly kind: "world" | "internet" }
  | { readonly kind: "witness"; readonly address: string };

/** A line of the autonomy table as it crosses one site's zcloud. */
export interface SiteFlow {
  readonly id: string;
  readonly from: End;
  readonly to: End;
  readonly ports: readonly PortRange[] | "any";
}

/**
 * The lines of the table that cross the zcloud of `site`, in the table's order; what the peer opens towards here stands
 * beside what is opened from here.
 */
export function siteFlows(map: ZMap, site: string): readonly SiteFlow[] {
  return resolveFlows(map, site).map((flow: ResolvedFlow) => {
    return { id: flow.id, from: endOf(map, site, flow.from), to: endOf(map, site, flow.to), ports: flow.ports };
  });
}

/** The places of one end are of one kind: that is how the table is written. */
function endOf(map: ZMap, site: string, places: readonly Place[]): End {
  const [first] = places;
  if (first === undefined) throw new Error(`read the autonomy table of ${site}: a flow has an end without a place`);
  if (first.id === "world" || first.id === "internet") return { kind: first.id };
  if (first.id === "witness") return { kind: "witness", address: first.address };
  const hosts = places.map(({ id }) => findHost(map, id)).filter((host) => host !== undefined);
  const [host] = hosts;
  if (host === undefined) throw new Error(`read the autonomy table of ${site}: there is no host ${first.id}`);
  if (host.role === "zcloud")
    return host.site === site ? { kind: "zcloud" } : { kind: "peer-zcloud", address: first.address };
  return { kind: "vms", where: host.site === site ? "local" : "peer", hosts };
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
