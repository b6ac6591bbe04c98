import { uplink } from "@zcloud/daemons/nftables";
import { allHosts, findHost, type HostEntry, type Site, type ZMap } from "@zcloud/map";
import { type Place, unitName } from "./layout.ts";

/** Two parties that don't hear each other any more: sites, hosts, `internet`, `client` or `witness`. */
export type Cut = readonly [string, string];

/** The words of a cut don't name anything, or nothing that a cable could be cut between. */
export class CutError extends Error {
  readonly code = "LAB_CUT";
}

type Party =
  | { readonly kind: "site"; readonly site: Site }
  | { readonly kind: "host"; readonly host: HostEntry }
  | { readonly kind: "place"; readonly place: "internet" | "client" | "witness" };

/** Where packets are dropped: a namespace and nft rules for the hooks they would pass. Silently, as a broken line does. */
interface Drop {
  readonly netns: string;
  readonly hook: "forward" | "input" | "output";
  readonly match: string;
}

/**
 * The nft rulesets, by namespace, that make all the cuts; namespaces without a cut get one that makes none. They
 * stand in a table of their own beside whatever the zclouds' firewalls have.
 * @throws CutError
 */
export function cutRulesets(map: ZMap, lab: string, cuts: readonly Cut[]): ReadonlyMap<string, string> {
  const drops = cuts.flatMap(([a, b]) => dropsOf(party(map, a), party(map, b)));
  const places: Place[] = map.sites.length > 1 ? ["internet", "tunnel"] : ["internet"];
  const netns = [...places, ...map.sites.map(({ name }) => `${name}/zcloud`)];
  return new Map(netns.map((name) => [unitName(lab, name), render(drops.filter((drop) => drop.netns === name))]));
}

function party(map: ZMap, word: string): Party {
  const site = map.sites.find(({ name }) => name === word);
  if (site !== undefined) return { kind: "site", site };
  const host = findHost(map, word);
  if (host !== undefined) return { kind: "host", host };
  if (word === "internet" || word === "client" || word === "witness") return { kind: "place", place: word };
  const words = [
    ...map.sites.map(({ name }) => name),
    ...allHosts(map).map(({ id }) => id),
    "internet",
    "client",
    "witness",
  ];
  throw new CutError(`cut ${word}: there is no such party; there are ${words.join(", ")}`);
}

function dropsOf(a: Party, b: Party): readonly Drop[] {
  if (a.kind === "place" && b.kind === "place")
    throw new CutError("cut the internet from itself: name a site or a host");
  if (a.kind === "place") return dropsOf(b, a);
  if (b.kind === "place") return a.kind === "site" ? siteFromPlace(a.site, b.place) : hostFromPlace(a.host, b.place);
  if (a.kind === "site" && b.kind === "site") return siteFromSite(a.site, b.site);
  if (a.kind === "site" && b.kind === "host") return hostFromSite(b.host, a.site);
  if (a.kind === "host" && b.kind === "site") return hostFromSite(a.host, b.site);
  if (a.kind === "host" && b.kind === "host") return hostFromHost(a.host, b.host);
  return [];
}

const crossing = (netns: string, a: string, b: string): Drop[] => [
  { netns, hook: "forward", match: `iifname "${a}" oifname "${b}"` },
  { netns, hook: "forward", match: `iifname "${b}" oifname "${a}"` },
];

function siteFromSite(a: Site, b: Site): Drop[] {
  if (a.name === b.name) throw new CutError(`cut ${a.name} from itself: name two parties`);
  return [...crossing("tunnel", a.name, b.name), ...crossing("internet", a.name, b.name)];
}

/** A site without its uplink has no tunnel either: WireGuard goes over the internet. */
function siteFromPlace(site: Site, place: "internet" | "client" | "witness"): Drop[] {
  if (place !== "internet") return crossing("internet", site.name, place);
  const everything = (netns: string): Drop[] => [
    { netns, hook: "forward", match: `iifname "${site.name}"` },
    { netns, hook: "forward", match: `oifname "${site.name}"` },
    { netns, hook: "input", match: `iifname "${site.name}"` },
    { netns, hook: "output", match: `oifname "${site.name}"` },
  ];
  return [...everything("internet"), ...everything("tunnel")];
}

/** At the zcloud, where a VM's own address is still, or again, in the packet whatever NAT does on the uplink. */
function hostFromPlace(host: HostEntry, place: "internet" | "client" | "witness"): Drop[] {
  if (place !== "internet")
    throw new CutError(
      `cut ${host.id} from the ${place}: they meet at the site's public address; cut ${host.site} ${place} instead`,
    );
  const netns = `${host.site}/zcloud`;
  if (host.role === "zcloud")
    return [
      { netns, hook: "input", match: `iifname "${uplink}"` },
      { netns, hook: "output", match: `oifname "${uplink}"` },
    ];
  return [
    { netns, hook: "forward", match: `iifname "${uplink}" ip daddr ${host.address}` },
    { netns, hook: "forward", match: `oifname "${uplink}" ip saddr ${host.address}` },
  ];
}

function hostFromSite(host: HostEntry, site: Site): Drop[] {
  if (site.name !== host.site) return between("tunnel", host.address, site.network);
  return site.hosts.filter(({ id }) => id !== host.id).flatMap((other) => hostFromHost(host, other));
}

function hostFromHost(a: HostEntry, b: HostEntry): Drop[] {
  if (a.id === b.id) throw new CutError(`cut ${a.id} from itself: name two parties`);
  if (a.site !== b.site) return between("tunnel", a.address, b.address);
  const netns = `${a.site}/zcloud`;
  const vm = a.role === "zcloud" ? b : a;
  if (a.role !== "zcloud" && b.role !== "zcloud") return between(netns, a.address, b.address);
  return [
    { netns, hook: "input", match: `ip saddr ${vm.address}` },
    { netns, hook: "output", match: `ip daddr ${vm.address}` },
  ];
}

function between(netns: string, a: string, b: string): Drop[] {
  return [
    { netns, hook: "forward", match: `ip saddr ${a} ip daddr ${b}` },
    { netns, hook: "forward", match: `ip saddr ${b} ip daddr ${a}` },
  ];
}

function render(drops: readonly Drop[]): string {
  const chains = (["forward", "input", "output"] as const).map((hook) => {
    const rules = drops.filter((drop) => drop.hook === hook).map(({ match }) => `    ${match} counter drop\n`);
    return `  chain ${hook} {\n    type filter hook ${hook} priority -290; policy accept;\n${rules.join("")}  }\n`;
  });
  return `table inet zlab\ndelete table inet zlab\ntable inet zlab {\n${chains.join("")}}\n`;
}
