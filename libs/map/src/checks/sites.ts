import { type Draft, entriesOf } from "../draft.ts";
import type { Finding } from "../findings.ts";
import {
  addressRange,
  canonicalIpv6,
  contains,
  formatNetwork,
  type Network,
  overlaps,
  parseIpv4,
  parseNetwork,
} from "../ip.ts";
import { formatPath, type Path } from "../problems.ts";
import { parseResolver } from "../values.ts";

/** At most /26, so that every role has its address; at least /16, so that both sites fit into any private range. */
const longestPrefix = 26;
const shortestPrefix = 16;

/** RFC 1918, and RFC 6598, which some providers give out. None is smaller than a site's network may be. */
const privateNetworks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"].map(network);
/** Podman's first networks (containers.conf: default_subnet, default_subnet_pools). */
const podmanNetworks = network("10.88.0.0/15");

export function siteCount({ sites }: Draft): Finding[] {
  if (sites === undefined) return [];
  const names = Object.keys(sites);
  if (names.length === 0)
    return [{ path: ["sites"], message: "there is no site; give one or two, e.g. north and south" }];
  return names.slice(2).map((name) => {
    return { path: ["sites", name], message: `${name} is one too many; a map has one or two sites`, at: "key" };
  });
}

/** Private, of a size that hosts fit into, and not what podman takes for containers. */
export function networkFit(draft: Draft): Finding[] {
  return networksOf(draft).flatMap(({ site, cidr, net, path }) => {
    const instead = `give ${site} e.g. ${freeNetwork(draft)}`;
    if (net.prefix > longestPrefix) {
      return {
        path,
        message: `${cidr} is too small for the site's hosts; a /${longestPrefix} or larger is needed, ${instead}`,
      };
    }
    if (net.prefix < shortestPrefix)
      return { path, message: `${cidr} is needlessly large; a /${shortestPrefix} or smaller will do, ${instead}` };
    if (!privateNetworks.some((range) => contains(range, net.first))) {
      return { path, message: `${cidr} is not private; ${instead}` };
    }
    if (overlaps(net, podmanNetworks))
      return {
        path,
        message: `${cidr} overlaps ${formatNetwork(podmanNetworks)}, which podman gives to containers; ${instead}`,
      };
    return [];
  });
}

export function networkOverlap(draft: Draft): Finding[] {
  const all = networksOf(draft);
  return all.flatMap(({ site, cidr, net, path }, index) => {
    const other = all.slice(0, index).find((earlier) => overlaps(earlier.net, net));
    if (other === undefined) return [];
    const message = `${cidr} overlaps ${formatPath(other.path)} ${other.cidr}; give ${site} its own, e.g. ${freeNetwork(draft)}`;
    return [{ path, message }];
  });
}

/** Public addresses and the witness: usable, one of each, none inside a site. */
export function addressClash(draft: Draft): Finding[] {
  const all = addressesOf(draft);
  return all.flatMap(({ address, path }, index) => {
    const bits = parseIpv4(address);
    const range = addressRange(address);
    if (unusable.has(range))
      return [{ path, message: `${address} is a ${kebab(range)} address, which no host can have` }];
    const twin = all.slice(0, index).find((earlier) => earlier.address === address);
    if (twin !== undefined)
      return [
        {
          path,
          message: `${address} is already ${formatPath(twin.path)}; every place has its own`,
          seeAlso: twin.path,
        },
      ];
    const inside = bits === undefined ? undefined : networksOf(draft).find(({ net }) => contains(net, bits));
    if (inside === undefined) return [];
    return [
      {
        path,
        message: `${address} is inside ${formatPath(inside.path)} ${inside.cidr}, which is for the site's own hosts`,
      },
    ];
  });
}

/** A resolver that znet asks is neither znet itself nor any other host of a site. */
export function upstreamOutside(draft: Draft): Finding[] {
  return (draft.dns?.upstreams ?? []).flatMap((upstream, index) => {
    const address = upstream === undefined ? undefined : parseResolver(upstream).address;
    const path: Path = ["dns", "upstreams", index];
    const bits = address === undefined ? undefined : parseIpv4(address);
    if (address === undefined || bits === undefined) return [];
    const range = addressRange(address);
    if (unusable.has(range))
      return [{ path, message: `${address} is a ${kebab(range)} address; write a resolver's, e.g. 9.9.9.9` }];
    const inside = networksOf(draft).find(({ net }) => contains(net, bits));
    if (inside === undefined) return [];
    return [
      {
        path,
        message: `${address} is inside ${formatPath(inside.path)}; znet can't ask a host that asks znet, write e.g. 9.9.9.9`,
      },
    ];
  });
}

/** One that is asked in clear would be asked for everything as soon as somebody silences the others. */
export function upstreamsAlike(draft: Draft): Finding[] {
  const upstreams = (draft.dns?.upstreams ?? []).filter((one) => one !== undefined);
  const clear = upstreams.find((one) => parseResolver(one).name === undefined);
  const secret = upstreams.find((one) => parseResolver(one).name !== undefined);
  if (clear === undefined || secret === undefined) return [];
  const message = `${secret} is asked over TLS and ${clear} is not; write #NAME, the name in its certificate, after each or after none`;
  return [{ path: ["dns", "upstreams", draft.dns?.upstreams?.indexOf(clear) ?? 0], message }];
}

const unusable = new Set(["unspecified", "broadcast", "multicast", "linkLocal", "loopback", "ipv4Mapped"]);

interface SiteNetwork {
  readonly site: string;
  readonly cidr: string;
  readonly net: Network;
  readonly path: Path;
}

function networksOf({ sites }: Draft): SiteNetwork[] {
  return entriesOf(sites).flatMap(([site, entry]) => {
    if (entry.network === undefined) return [];
    return [{ site, cidr: entry.network, net: network(entry.network), path: ["sites", site, "network"] }];
  });
}

/** Every address that the outside knows, IPv6 in canonical form. */
export function addressesOf({ sites, witness }: Draft): { address: string; path: Path }[] {
  const found = entriesOf(sites).flatMap(([site, entry]) => {
    return (["ipv4", "ipv6"] as const).flatMap((family) => {
      const address = entry.public?.[family];
      return address === undefined
        ? []
        : [{ address: canonicalIpv6(address) ?? address, path: ["sites", site, "public", family] as Path }];
    });
  });
  if (witness?.address !== undefined) found.push({ address: witness.address, path: ["witness", "address"] });
  return found;
}

/** The first of 10.64.1.0/24, 10.64.2.0/24, ... that no site has. */
function freeNetwork(draft: Draft): string {
  const taken = networksOf(draft).map(({ net }) => net);
  const candidates = Array.from(
    { length: 16 },
    (_, index) => `10.${64 + Math.floor(index / 8)}.${(index % 8) + 1}.0/24`,
  );
  return candidates.find((cidr) => !taken.some((net) => overlaps(net, network(cidr)))) ?? "192.168.64.0/24";
}

/** Only for what the schema has accepted. */
function network(cidr: string): Network {
  const found = parseNetwork(cidr);
  if (found === undefined) throw new TypeError(`check sites: ${cidr} is not a network`);
  return found;
}

function kebab(range: string): string {
  return range.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
