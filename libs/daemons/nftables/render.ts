import { peerSite, type Site, siteOf, type ZMap, zcloudOf, zfrontOf, zstoreOf } from "@zcloud/map";
import { type End, frontPorts, type SiteFlow, siteFlows, witnessPort } from "./flows.ts";
import { anyVm, tunnel, uplink, vmInterface } from "./interfaces.ts";
import { accept, anyOf, portMatches, quoted } from "./match.ts";
import { replaceTable } from "./replace-table.ts";

/** The one table that is ours; others of the machine are left alone. */
export const table = "inet zcloud";

/**
 * The firewall of a site's zcloud, derived from the autonomy table: a file for `nft -f` that replaces our table in one
 * transaction. Its comment carries the fingerprint of everything in it.
 */
export function renderNftables(map: ZMap, site: string): string {
  return replaceTable(table, `The firewall of ${site}`, renderBody(map, siteOf(map, site), siteFlows(map, site)));
}

function renderBody(map: ZMap, site: Site, flows: readonly SiteFlow[]): string {
  const counters = [...new Set(flows.map(({ id }) => id)), "spoofed", "refused"];
  return [
    ...counters.map((name) => `  counter ${name} { }`),
    ...chain("antispoof", "type filter hook prerouting priority raw; policy accept;", antispoof(map, site)),
    ...chain("front", "type nat hook prerouting priority dstnat; policy accept;", destinationNat(map, site, flows)),
    ...chain("input", "type filter hook input priority filter; policy drop;", input(flows)),
    ...chain("forward", "type filter hook forward priority filter; policy drop;", forward(map, site, flows)),
    ...chain("output", "type filter hook output priority filter; policy accept;", output(flows)),
    ...chain("leaving", "type nat hook postrouting priority srcnat; policy accept;", sourceNat(map, site)),
  ].join("\n");
}

function chain(name: string, hook: string, rules: readonly string[]): readonly string[] {
  return ["", `  chain ${name} {`, `    ${hook}`, ...rules.map((rule) => `    ${rule}`), "  }"];
}

/** Nobody speaks in another's name: each link carries its own addresses only (RFC 2827). */
function antispoof(map: ZMap, site: Site): readonly string[] {
  const vms = site.hosts.filter(({ role }) => role !== "zcloud");
  const pairs = vms.map(({ name, address }) => `"${vmInterface(name)}" . ${address}`);
  const peer = peerSite(map, site.name);
  const dropped = 'counter name "spoofed" drop';
  return [
    `iifname "${anyVm}" iifname . ip saddr != ${anyOf(pairs)} ${dropped}`,
    ...(peer === undefined ? [] : [`iifname "${tunnel}" ip saddr != ${peer.network} ${dropped}`]),
    `iifname "${uplink}" ip saddr ${anyOf(networks(map))} ${dropped}`,
  ];
}

function networks(map: ZMap): readonly string[] {
  return map.sites.map(({ network }) => network);
}

/** The public address is zfront's for the served ports, whoever asks: the world, or a VM of the site. */
function destinationNat(map: ZMap, site: Site, flows: readonly SiteFlow[]): readonly string[] {
  const front = frontPorts(flows).map(String);
  const witness = flows.find(({ from }) => from.kind === "witness")?.from;
  return [
    `ip daddr ${site.public.ipv4} tcp dport ${anyOf(front)} dnat ip to ${zfrontOf(map, site.name).address}`,
    ...(witness?.kind === "witness"
      ? [
          `iifname "${uplink}" ip saddr ${witness.address} ip daddr ${site.public.ipv4} tcp dport ${witnessPort} dnat ip to ${zstoreOf(map, site.name).address}`,
        ]
      : []),
  ];
}

/** Connections keep the client's address; only what leaves for the internet takes the site's. */
function sourceNat(map: ZMap, site: Site): readonly string[] {
  const front = zfrontOf(map, site.name).address;
  return [
    `oifname "${uplink}" ip saddr ${site.network} snat ip to ${site.public.ipv4}`,
    // zfront calling its own public address would get its own address as the sender, and drop it.
    `ip saddr ${front} ip daddr ${front} ct status dnat snat ip to ${zcloudOf(map, site.name).address}`,
  ];
}

const known = ["ct state established,related accept", "ct state invalid drop"];
/** Errors and path MTU discovery come as `related`; neighbours are found by ICMPv6 (RFC 4890). */
const icmp = [
  "icmp type echo-request limit rate 20/second accept",
  "icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept",
];

function input(flows: readonly SiteFlow[]): readonly string[] {
  const own = flows.filter(({ to }) => to.kind === "zcloud");
  return [
    ...known,
    'iifname "lo" accept',
    ...icmp,
    ...own.flatMap(({ id, from, ports }) => {
      const sender = from.kind === "peer-zcloud" ? `ip saddr ${from.address}` : "";
      return portMatches(ports).map((match) => accept(id, `iifname "${uplink}"`, sender, match));
    }),
    'counter name "refused"',
  ];
}

/** Towards the VMs this machine speaks SSH only; it is nobody's client otherwise. */
function output(flows: readonly SiteFlow[]): readonly string[] {
  const own = flows.filter(({ from }) => from.kind === "zcloud");
  return [
    ...known.slice(0, 1),
    ...own.flatMap(({ id, to, ports }) => portMatches(ports).map((match) => accept(id, toward(to), match))),
    `oifname "${anyVm}" ip protocol icmp accept`,
    `oifname "${anyVm}" ip version 4 counter name "refused" reject with icmpx admin-prohibited`,
  ];
}

function forward(map: ZMap, site: Site, flows: readonly SiteFlow[]): readonly string[] {
  const witness = map.witness;
  const crossing = flows.filter(({ from, to }) => from.kind !== "zcloud" && to.kind !== "zcloud");
  const rules = crossing.filter(({ to }) => to.kind !== "internet").flatMap((flow) => forwardRules(site, flow));
  const outbound = crossing.filter(({ to }) => to.kind === "internet").flatMap((flow) => forwardRules(site, flow));
  return [
    // The tunnel's packets are smaller than the links' (tcp(7), path MTU is not always discovered).
    ...(site.peer === undefined ? [] : [`oifname "${tunnel}" tcp flags syn tcp option maxseg size set rt mtu`]),
    ...known,
    ...rules,
    // Without its interface the tunnel's route is gone, and the default route would carry this in the clear.
    `oifname "${uplink}" ip daddr ${anyOf(networks(map))} counter name "refused" drop`,
    ...(witness === undefined ? [] : [`oifname "${uplink}" ip daddr ${witness.address} counter name "refused" drop`]),
    ...outbound,
    'counter name "refused"',
    // Our own hosts are told at once; the world is not told anything.
    `iifname ${anyOf(quoted(site.peer === undefined ? [anyVm] : [anyVm, tunnel]))} reject with icmpx admin-prohibited`,
  ];
}

function forwardRules(site: Site, { id, from, to, ports }: SiteFlow): readonly string[] {
  if (from.kind === "world") {
    const door = `ct status dnat ct original ip daddr ${site.public.ipv4}`;
    return portMatches(ports).map((match) =>
      accept(id, `iifname { "${uplink}", "${anyVm}" }`, toward(to), door, match),
    );
  }
  return portMatches(ports).map((match) => accept(id, comingFrom(from), toward(to), match));
}

function comingFrom(end: End): string {
  if (end.kind === "vms") return side("iifname", "saddr", end);
  if (end.kind === "witness") return `iifname "${uplink}" ip saddr ${end.address}`;
  return `iifname "${uplink}"`;
}

function toward(end: End): string {
  if (end.kind === "vms") return side("oifname", "daddr", end);
  if (end.kind === "witness") return `oifname "${uplink}" ip daddr ${end.address}`;
  return `oifname "${uplink}"`;
}

/** A link says who it is; behind the tunnel only the address does. */
function side(interfaceKey: "iifname" | "oifname", addressKey: "saddr" | "daddr", end: End & { kind: "vms" }): string {
  if (end.where === "local") return `${interfaceKey} ${anyOf(quoted(end.hosts.map(({ name }) => vmInterface(name))))}`;
  return `${interfaceKey} "${tunnel}" ip ${addressKey} ${anyOf(end.hosts.map(({ address }) => address))}`;
}
