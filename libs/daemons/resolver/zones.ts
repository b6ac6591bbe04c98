import { type HostEntry, siteOf, type ZMap } from "@zcloud/map";

/** Names that znet alone knows: nobody else is ever asked. */
export function internalZones(map: ZMap, { site }: Pick<HostEntry, "site">): readonly string[] {
  const zones = [
    map.internalDomain,
    ...map.sites.map(({ name }) => name),
    ...siteOf(map, site).hosts.map(({ name }) => name),
    ...map.sites.flatMap(({ network }) => reverseZone(network)),
  ];
  return [...new Set(zones)];
}

/**
 * Names that mean this site's front while znet answers. They are zones of their own, so that znet's patience with slow
 * servers of the world is not taken for silence about them: Unbound keeps count of a server by zone.
 */
export function publicZones(map: ZMap): readonly string[] {
  const names = map.tenants.flatMap((tenant) => tenant.names.map((name) => name.replace(/^\*\./, "")));
  return [...new Set([map.domain, ...names])].sort();
}

/** `1.64.10.in-addr.arpa` of `10.64.1.0/24`; of a network between two borders, that of the next larger. */
export function reverseZone(network: string): string {
  const [address = "", length = "0"] = network.split("/");
  const octets = address.split(".").slice(0, Math.floor(Number(length) / 8));
  return [...octets.reverse(), "in-addr", "arpa"].join(".");
}
