import { tunnel, uplink, vmInterface } from "@zcloud/daemons/nftables";
import { type ZMap, zcloudOf } from "@zcloud/map";
import { internet, tunnelRouter, vmEnd } from "./addresses.ts";
import { type Place, unitName } from "./layout.ts";

/** One network namespace. Addresses on its loopback are reachable over every link. */
export interface Netns {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Forwards packets from the start; a zcloud does once its firewall stands. */
  readonly router: boolean;
}

export interface LinkEnd {
  readonly netns: string;
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface Link {
  readonly ends: readonly [LinkEnd, LinkEnd];
}

export interface Route {
  readonly netns: string;
  /** CIDR, address, or `default`. */
  readonly to: string;
  readonly via?: string;
  readonly device: string;
  readonly source?: string;
}

/** All of a lab's network as data. No shared L2 anywhere: every link is one cable with an address at each end. */
export interface NetworkPlan {
  readonly netns: readonly Netns[];
  readonly links: readonly Link[];
  readonly routes: readonly Route[];
}

/** The network that the map asks for: what real cables, providers and WireGuard would be. */
export function networkPlan(map: ZMap, lab: string): NetworkPlan {
  const parts = [
    internetPart(map, lab),
    tunnelPart(map, lab),
    ...map.sites.map(({ name }) => sitePart(map, lab, name)),
  ];
  return {
    netns: parts.flatMap(({ netns }) => netns),
    links: parts.flatMap(({ links }) => links),
    routes: parts.flatMap(({ routes }) => routes),
  };
}

/**
 * What must be made anew when some namespaces are: they, the links that end in them, and the routes at both ends of
 * those links.
 */
export function partOf(plan: NetworkPlan, names: ReadonlySet<string>): NetworkPlan {
  const links = plan.links.filter(({ ends }) => ends.some(({ netns }) => names.has(netns)));
  const ends = links.flatMap((link) => link.ends);
  return {
    netns: plan.netns.filter(({ name }) => names.has(name)),
    links,
    routes: plan.routes.filter((route) => {
      return names.has(route.netns) || ends.some((end) => end.netns === route.netns && end.name === route.device);
    }),
  };
}

function internetPart(map: ZMap, lab: string): NetworkPlan {
  const router = unitName(lab, "internet");
  const visitors: readonly (readonly [Place, string])[] = [
    ["client", internet.client],
    ...(map.witness === undefined ? [] : [["witness", map.witness.address] as const]),
  ];
  return {
    netns: [
      { name: router, addresses: [internet.router, internet.resolver, internet.acme], router: true },
      ...visitors.map(([place]) => ({ name: unitName(lab, place), addresses: [], router: false })),
    ],
    links: visitors.map(([place, address]) => ({
      ends: [
        { netns: unitName(lab, place), name: vmEnd, addresses: [address] },
        { netns: router, name: place, addresses: [] },
      ],
    })),
    routes: visitors.flatMap(([place, address]) => [
      { netns: unitName(lab, place), to: "default", via: internet.router, device: vmEnd },
      { netns: router, to: address, device: place, source: internet.router },
    ]),
  };
}

/** Stands for WireGuard over the internet: packets between the site networks pass a router of their own. */
function tunnelPart(map: ZMap, lab: string): NetworkPlan {
  if (map.sites.length < 2) return { netns: [], links: [], routes: [] };
  const carrier = unitName(lab, "tunnel");
  return {
    netns: [{ name: carrier, addresses: [tunnelRouter], router: true }],
    links: map.sites.map(({ name }) => ({
      ends: [
        { netns: unitName(lab, `${name}/zcloud`), name: tunnel, addresses: [] },
        { netns: carrier, name, addresses: [] },
      ],
    })),
    routes: map.sites.map(({ name, network }) => {
      return { netns: carrier, to: network, via: zcloudOf(map, name).address, device: name };
    }),
  };
}

function sitePart(map: ZMap, lab: string, siteName: string): NetworkPlan {
  const zcloud = zcloudOf(map, siteName);
  const site = map.sites.find(({ name }) => name === siteName);
  if (site === undefined) throw new Error(`plan network: no site ${siteName}`);
  const gateway = unitName(lab, zcloud.id);
  const vms = site.hosts.filter(({ role }) => role !== "zcloud");
  const peer = map.sites.find(({ name }) => name === site.peer);
  return {
    netns: [
      { name: gateway, addresses: [zcloud.address], router: false },
      ...vms.map(({ id }) => ({ name: unitName(lab, id), addresses: [], router: false })),
    ],
    links: [
      {
        ends: [
          { netns: gateway, name: uplink, addresses: [site.public.ipv4] },
          { netns: unitName(lab, "internet"), name: siteName, addresses: [] },
        ],
      },
      ...vms.map(({ id, name, address }): Link => {
        return {
          ends: [
            { netns: unitName(lab, id), name: vmEnd, addresses: [address] },
            { netns: gateway, name: vmInterface(name), addresses: [] },
          ],
        };
      }),
    ],
    routes: [
      { netns: unitName(lab, "internet"), to: site.public.ipv4, device: siteName, source: internet.router },
      { netns: gateway, to: "default", via: internet.router, device: uplink, source: site.public.ipv4 },
      ...(peer === undefined
        ? []
        : [{ netns: gateway, to: peer.network, via: tunnelRouter, device: tunnel, source: zcloud.address }]),
      ...vms.flatMap(({ id, name, address }) => [
        { netns: unitName(lab, id), to: "default", via: zcloud.address, device: vmEnd },
        { netns: gateway, to: address, device: vmInterface(name), source: zcloud.address },
      ]),
    ],
  };
}
