import { type HostEntry, type PortRange, resolveFlows, siteOf, type ZMap } from "@zcloud/map";
import { accept, anyOf, portMatches } from "../nftables/match.ts";
import { replaceTable } from "../nftables/replace-table.ts";
import type { FirewallPlaces } from "./places.ts";
import type { FirewallDesired } from "./plan.ts";
import { table } from "./render.ts";
import { renderFirewallUnit } from "./unit.ts";

/** As nft lists it, too. */
const operators = accept("world-witness", "", "tcp dport 22").trim();

/** What the table says of one site and the witness. */
interface Way {
  /** The site's, which everybody outside sees. */
  readonly publicAddress: string;
  readonly to: readonly string[];
  readonly ports: readonly PortRange[];
}

/**
 * The witness's firewall. Ceph's monitors know each other by the addresses in their own networks, where the witness is not: what
 * its monitor sends there goes to the site's public address instead, whose zcloud leads it to its zstore, and the other way round.
 */
export function desiredWitnessFirewall(map: ZMap, { id }: HostEntry, places: FirewallPlaces): FirewallDesired {
  const rules = replaceTable(table, `What ${id} itself lets through`, renderBody(map));
  return {
    rules,
    operators,
    bus: undefined,
    unitFiles: new Map([[places.unitFile, { content: renderFirewallUnit(places), mode: 0o644 }]]),
  };
}

function renderBody(map: ZMap): string {
  const networks = anyOf(map.sites.map(({ network }) => network));
  const [coming, going] = [ways(map, "zstore-witness"), ways(map, "witness-zstore")];
  const counters = ["world-witness", "zstore-witness", "witness-zstore", "refused-arriving", "refused-leaving"];
  return [
    ...counters.map((name) => `  counter ${name} { }`),
    ...chain("input", "type filter hook input priority filter; policy drop;", [
      "ct state established,related accept",
      "ct state invalid drop",
      'iifname "lo" accept',
      "icmp type echo-request limit rate 20/second accept",
      "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } ip6 hoplimit 255 accept",
      operators,
      ...coming.flatMap(({ publicAddress, ports }) =>
        portMatches(ports).map((match) => accept("zstore-witness", `ip saddr ${publicAddress}`, match)),
      ),
      'counter name "refused-arriving"',
    ]),
    ...chain("forward", "type filter hook forward priority filter; policy drop;", []),
    ...chain("leading", "type nat hook output priority dstnat; policy accept;", [
      ...going.flatMap(({ publicAddress, to, ports }) =>
        portMatches(ports).map(
          (match) => `ip daddr ${anyOf(to)} ${match} counter name "witness-zstore" dnat ip to ${publicAddress}`,
        ),
      ),
    ]),
    ...chain("output", "type filter hook output priority filter; policy accept;", [
      // The sites' own networks are behind their zclouds; nothing of theirs goes out in the clear.
      `ip daddr ${networks} counter name "refused-leaving" reject with icmpx admin-prohibited`,
    ]),
  ].join("\n");
}

function ways(map: ZMap, id: string): readonly Way[] {
  return map.sites.flatMap(({ name }) =>
    resolveFlows(map, name)
      .filter((flow) => flow.id === id && flow.ports !== "any")
      .filter(({ from, to }) => [...from, ...to].some((place) => place.id.startsWith(`${name}/`)))
      .map(({ to, ports }): Way => {
        const publicAddress = siteOf(map, name).public.ipv4;
        return { publicAddress, to: to.map(({ address }) => address), ports: ports === "any" ? [] : ports };
      }),
  );
}

function chain(name: string, hook: string, rules: readonly string[]): readonly string[] {
  return ["", `  chain ${name} {`, `    ${hook}`, ...rules.map((rule) => `    ${rule}`), "  }"];
}
