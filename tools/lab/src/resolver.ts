import type { ZMap } from "@zcloud/map";
import { internet } from "./addresses.ts";

/** The host of the map's ACME directory, and its port. */
export function acmeAuthority(map: ZMap): { readonly host: string; readonly port: number } {
  const url = new URL(map.acme.directory);
  return { host: url.hostname, port: url.port === "" ? 443 : Number(url.port) };
}

/**
 * Unbound as the only public resolver of the lab's internet, and as the authority for all of its names: everything
 * in the map's domain and the tenants' own names leads to every site's public address, as public DNS would have it.
 */
export function renderResolver(map: ZMap): string {
  const publics = map.sites.map((site) => site.public.ipv4);
  const apexes = new Set([
    map.domain,
    ...(map.log.name === undefined ? [] : [map.log.name]),
    ...map.tenants.flatMap(({ names }) => names.map((name) => name.replace(/^\*\./, ""))),
  ]);
  const zones = [...apexes].sort().flatMap((name) => zone(name, publics));
  return [
    "server:",
    `  interface: ${internet.resolver}`,
    "  access-control: 0.0.0.0/0 allow",
    '  directory: ""',
    '  chroot: ""',
    '  username: ""',
    '  pidfile: ""',
    "  do-daemonize: no",
    "  use-syslog: no",
    "  verbosity: 1",
    '  module-config: "iterator"',
    "  rrset-roundrobin: yes",
    "  # There is no other DNS in this internet: unknown names do not exist.",
    '  local-zone: "." static',
    ...zones,
    ...zone(acmeAuthority(map).host, [internet.acme]),
    "remote-control:",
    "  control-enable: no",
    "",
  ].join("\n");
}

function zone(name: string, addresses: readonly string[]): string[] {
  return [
    `  local-zone: "${name}." redirect`,
    ...addresses.map((address) => `  local-data: "${name}. 5 IN A ${address}"`),
  ];
}
