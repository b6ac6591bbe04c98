import ipaddr from "ipaddr.js";

/** A network as numbers: first and last address, both included. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** The 32 bits of a dotted address; undefined if it isn't one (four decimal parts, nothing else). */
export function parseIpv4(text: string): number | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  return ipaddr.IPv4.parse(text).octets.reduce((bits, octet) => bits * 256 + octet, 0);
}

export function formatIpv4(bits: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join(".");
}

/** The network of `10.64.1.0/24`; bits right of the prefix are ignored. Undefined if it isn't a network. */
export function parseNetwork(cidr: string): Network | undefined {
  const [, address = "", length = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(cidr) ?? [];
  const bits = parseIpv4(address);
  const prefix = Number(length);
  if (bits === undefined || length === "" || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const first = Math.floor(bits / size) * size;
  return { first, last: first + size - 1, prefix };
}

export function formatNetwork(network: Network): string {
  return `${formatIpv4(network.first)}/${network.prefix}`;
}

export function contains(network: Network, address: number): boolean {
  return network.first <= address && address <= network.last;
}

export function overlaps(a: Network, b: Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** What kind of address it is by the IANA registries: `unicast`, `private`, `loopback`, ... */
export function addressRange(address: string): string {
  return ipaddr.parse(address).range();
}

/** RFC 5952 text of an IPv6 address; undefined if it isn't one. */
export function canonicalIpv6(text: string): string | undefined {
  if (!ipaddr.IPv6.isValid(text) || text.includes("%")) return undefined;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}
