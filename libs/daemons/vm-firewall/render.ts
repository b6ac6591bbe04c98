import type { HostEntry, PortRange, ZMap } from "@zcloud/map";
import { accept, anyOf, portMatches } from "../nftables/match.ts";
import { replaceTable } from "../nftables/replace-table.ts";
import { arriving, containersLeaving, hasContainers, leaving, type Others, type VmFlow } from "./flows.ts";

/** The one table that is ours; podman's and others are left alone. */
export const table = "inet zcloud_vm";

/** What was refused, by the way it went. */
export const refusals = ["refused-arriving", "refused-leaving", "refused-containers"] as const;
type Refusal = (typeof refusals)[number];

/** podman's bridges; a stack can't choose the name of its own. */
const bridges = '"podman*"';
const containerDns = "container-dns";

/**
 * The second line of a VM, behind its zcloud's: a file for `nft -f` that replaces our table in one transaction. Made from
 * the autonomy table for this host alone. Its comment carries the fingerprint of everything in it.
 */
export function renderVmFirewall(map: ZMap, self: HostEntry): string {
  return replaceTable(table, `What ${self.id} itself lets through`, renderBody(map, self));
}

/** The rule by which operators come in, as it is written and as nft lists it. */
export function operatorRule(address: string): string {
  return accept("zcloud-vm", `ip saddr ${address}`, "tcp dport 22");
}

function renderBody(map: ZMap, self: HostEntry): string {
  const [incoming, outgoing] = [arriving(map, self), leaving(map, self)];
  const containers = hasContainers(self);
  const ids = new Set([...incoming, ...outgoing].map(({ id }) => id));
  const counters = [...ids, ...(containers ? [containerDns] : []), ...refusals.slice(0, containers ? 3 : 2)];
  return [
    ...counters.map((name) => `  counter ${name} { }`),
    ...chain("input", "drop", input(incoming, containers)),
    ...chain("forward", "drop", containers ? forward(map, self, incoming) : []),
    ...chain("output", "accept", output(outgoing, containers)),
  ].join("\n");
}

function chain(hook: "input" | "forward" | "output", policy: "accept" | "drop", rules: readonly string[]): string[] {
  const type = `type filter hook ${hook} priority filter; policy ${policy};`;
  return ["", `  chain ${hook} {`, `    ${type}`, ...rules.map((rule) => `    ${rule}`), "  }"];
}

const established = "ct state established,related accept";
const invalid = "ct state invalid drop";

function input(flows: readonly VmFlow[], containers: boolean): readonly string[] {
  return [
    established,
    invalid,
    'iifname "lo" accept',
    "icmp type echo-request limit rate 20/second accept",
    // The hosts have IPv4 only; this keeps the link itself (RFC 4890, 4.4.1). What a router says counts from the link alone.
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept",
    ...(containers ? fromContainers : []),
    ...flows.flatMap((flow) => flowRules(flow, "ip saddr", portMatches(flow.ports))),
    ...refused("refused-arriving", "arriving"),
  ];
}

/** podman's resolver answers at each network's own gateway; nothing else of the host is theirs. */
const fromContainers = [
  `iifname ${bridges} fib daddr . iif type local meta l4proto { tcp, udp } th dport 53 counter name "${containerDns}" accept`,
  `iifname ${bridges} counter name "refused-containers" drop`,
];

/**
 * podman publishes by DNAT, so what is for a container passes here, not the input: the port that was asked for is that
 * of the connection's first packet. podman's own rules let networks talk to each other; these don't.
 */
function forward(map: ZMap, self: HostEntry, incoming: readonly VmFlow[]): readonly string[] {
  const published = `iifname != ${bridges} oifname ${bridges} ct status dnat ct original ip daddr ${self.address}`;
  const out = `iifname ${bridges} oifname != ${bridges}`;
  return [
    established,
    invalid,
    // Within one network packets come here where the kernel shows bridged ones to the firewall (br_netfilter).
    `iifname ${bridges} oifname ${bridges} fib daddr . iif oif exists accept`,
    ...incoming.flatMap((flow) => flowRules(flow, `${published} ip saddr`, originalPorts(flow.ports))),
    ...containersLeaving(map, self).flatMap((flow) => flowRules(flow, `${out} ip daddr`, portMatches(flow.ports))),
    ...refused("refused-containers", "containers"),
    `iifname ${bridges} reject with icmpx admin-prohibited`,
  ];
}

/** Ports as they were asked for, before DNAT. */
function originalPorts(ports: readonly PortRange[] | "any"): readonly string[] {
  return portMatches(ports).map((match) => match.replace(/^(tcp|udp) dport/, "meta l4proto $1 ct original proto-dst"));
}

function output(flows: readonly VmFlow[], containers: boolean): readonly string[] {
  return [
    established,
    'oifname "lo" accept',
    ...(containers ? [`oifname ${bridges} accept`] : []),
    "ip protocol icmp accept",
    ...flows.flatMap((flow) => flowRules(flow, "ip daddr", portMatches(flow.ports))),
    "meta nfproto != ipv4 accept",
    ...refused("refused-leaving", "leaving"),
    "reject with icmpx admin-prohibited",
  ];
}

function flowRules({ id, others }: VmFlow, key: string, through: readonly string[]): readonly string[] {
  return through.map((match) => accept(id, addressMatch(key, others), match));
}

function addressMatch(key: string, others: Others): string {
  if (others.kind === "these") return `${key} ${anyOf(others.addresses)}`;
  // Without networks to leave out this still means IPv4, and the rest of `key`.
  return others.networks.length === 0 ? `${key} 0.0.0.0/0` : `${key} != ${anyOf(others.networks)}`;
}

function refused(counter: Refusal, way: string): readonly string[] {
  return [
    `limit rate 6/minute burst 10 packets log prefix "zcloud refused ${way}: " level info`,
    `counter name "${counter}"`,
  ];
}
