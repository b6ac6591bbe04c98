import {
  findHost,
  type HostEntry,
  type Place,
  type PortRange,
  peerSite,
  ports,
  type ResolvedFlow,
  resolveFlows,
  siteOf,
  type ZMap,
  zcloudOf,
  znetOf,
} from "@zcloud/map";

/** The other ends of a flow, by address: these, or everybody but those. */
export type Others =
  | { readonly kind: "these"; readonly addresses: readonly string[] }
  | { readonly kind: "all-but"; readonly networks: readonly string[] };

/** A line of the autonomy table as one VM sees it. */
export interface VmFlow {
  readonly id: string;
  readonly others: Others;
  readonly ports: readonly PortRange[] | "any";
}

/** Who may open connections to this host, in the table's order. */
export function arriving(map: ZMap, self: HostEntry): readonly VmFlow[] {
  const own = siteOf(map, self.site).network;
  return resolveFlows(map, self.site)
    .filter((flow) => has(flow.to, self))
    .map(({ id, from, ports: through }) => {
      const others = othersOf(from);
      // A VM of this site that calls the public address is the world here: its zcloud leads it back, under its own address.
      const known =
        others.kind === "these" ? others : { ...others, networks: others.networks.filter((one) => one !== own) };
      return { id, others: known, ports: through };
    });
}

/** To whom this host may open connections, in the table's order; the internet last. */
export function leaving(map: ZMap, self: HostEntry): readonly VmFlow[] {
  const flows = resolveFlows(map, self.site)
    .filter((flow) => has(flow.from, self))
    .map(({ id, to, ports: through }): VmFlow => ({ id, others: othersOf(to), ports: through }));
  const internet = (flow: VmFlow): boolean => flow.others.kind === "all-but";
  return [...flows.filter((flow) => !internet(flow)), ...flows.filter(internet)];
}

/** To whom containers may, of what their host may: fronts, their like at the other site, the internet. Names come from the host. */
export function containersLeaving(map: ZMap, self: HostEntry): readonly VmFlow[] {
  const meant = resolveFlows(map, self.site).filter(({ to }) => to.every((place) => isForContainers(map, place)));
  const ids = new Set(meant.map(({ id }) => id));
  return leaving(map, self).filter(({ id }) => ids.has(id));
}

function isForContainers(map: ZMap, { id }: Place): boolean {
  const role = findHost(map, id)?.role;
  return id === "internet" || role === "zfront" || role === "zmah";
}

/** A host whose containers are published on its address. */
export function hasContainers({ role }: HostEntry): boolean {
  return role === "zpod" || role === "zmah";
}

/** One TCP port of another host. */
export interface Door {
  readonly address: string;
  readonly port: number;
}

/** Where this host's way to the bus leads: from a znet, to the other site's. Undefined on a znet that is alone. */
export function wayToBus(map: ZMap, self: HostEntry): Door | undefined {
  if (self.role !== "znet") return { address: znetOf(map, self.site).address, port: ports.nats };
  const peer = peerSite(map, self.site);
  return peer === undefined ? undefined : { address: znetOf(map, peer.name).address, port: ports.leafnode };
}

/** From where operators come. */
export function operatorsComeFrom(map: ZMap, self: HostEntry): string {
  return zcloudOf(map, self.site).address;
}

function has(places: ResolvedFlow["from"], self: HostEntry): boolean {
  return places.some(({ id }) => id === self.id);
}

/** The places of one end are of one kind: that is how the table is written. */
function othersOf(places: readonly Place[]): Others {
  const [first] = places;
  if (first?.address === "0.0.0.0/0") return { kind: "all-but", networks: first.except };
  return { kind: "these", addresses: places.map(({ address }) => address) };
}
