import { allHosts, type HostEntry, siteOf, type ZMap, znetOf } from "@zcloud/map";
import { allSpecial } from "./addresses.ts";

export const configPath = "/etc/unbound/unbound.conf";
/** Public names with their local answer; written before the running server is told, so that a restart changes nothing. */
export const namesPath = "/etc/unbound/zcloud-names.conf";
export const controlPath = "/run/unbound.ctl";
export const dropInPath = "/etc/systemd/system/unbound.service.d/zcloud.conf";

/** Where files and ports are, for tests that run it on loopback. */
export interface Places {
  readonly interfaces: readonly string[];
  readonly port: number;
  readonly names: string;
  readonly control: string;
  readonly trustAnchor: string;
  /** User it becomes; empty: stays who it is. */
  readonly user: string;
  readonly directory: string;
}

export function productionPlaces(map: ZMap, site: string): Places {
  return {
    interfaces: [znetOf(map, site).address, "127.0.0.1"],
    port: 53,
    names: namesPath,
    control: controlPath,
    trustAnchor: "/var/lib/unbound/root.key",
    user: "unbound",
    directory: "/etc/unbound",
  };
}

/**
 * unbound.conf of a site's znet: the hosts of both sites from the map, everything else from the upstreams.
 * Interfaces are always named: 0.0.0.0 would take port 53 from podman's resolver on the same machine.
 */
export function renderUnbound(map: ZMap, site: string, places: Places = productionPlaces(map, site)): string {
  const networks = map.sites.map(({ network }) => network);
  const validates = !allSpecial(map.dns.upstreams);
  const server = [
    ...places.interfaces.map((address) => `interface: ${address}`),
    `port: ${places.port}`,
    "do-ip6: no",
    `username: "${places.user}"`,
    'chroot: ""',
    `directory: "${places.directory}"`,
    'pidfile: ""',
    "use-syslog: no",
    'logfile: ""',
    "verbosity: 1",
    "",
    "# Answers the two sites and nobody else.",
    "access-control: 0.0.0.0/0 refuse",
    "access-control: 127.0.0.0/8 allow",
    ...networks.map((network) => `access-control: ${network} allow`),
    "hide-identity: yes",
    "hide-version: yes",
    "hide-trustanchor: yes",
    "deny-any: yes",
    "harden-glue: yes",
    "harden-dnssec-stripped: yes",
    "harden-below-nxdomain: yes",
    "qname-minimisation: yes",
    "",
    "# Small: one thread, and the last known answer when the upstreams are away.",
    "num-threads: 1",
    "so-reuseport: no",
    "msg-cache-size: 8m",
    "rrset-cache-size: 16m",
    "key-cache-size: 4m",
    "neg-cache-size: 1m",
    "prefetch: yes",
    "serve-expired: yes",
    "serve-expired-client-timeout: 1800",
    "serve-expired-ttl: 86400",
    "",
    ...validation(validates, places.trustAnchor),
    "",
    ...hostZone(map, site),
    "",
    `include: "${places.names}"`,
  ];
  const forward = ['name: "."', ...map.dns.upstreams.map((address) => `forward-addr: ${address}`)];
  const control = ["control-enable: yes", `control-interface: "${places.control}"`, "control-use-cert: no"];
  return [
    "# Written by znet from the map; changes are overwritten.",
    section("server", server),
    section("remote-control", control),
    section("forward-zone", forward),
  ].join("\n");
}

function section(name: string, lines: readonly string[]): string {
  return `${name}:\n${lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n")}\n`;
}

function validation(validates: boolean, trustAnchor: string): readonly string[] {
  if (validates) return ['module-config: "validator iterator"', `auto-trust-anchor-file: "${trustAnchor}"`];
  return ["# All upstreams are private: nobody there could sign for the root.", 'module-config: "iterator"'];
}

/** The map's hosts at both sites, forward and back, and their short names. The domain is ours: no question of it leaves. */
function hostZone(map: ZMap, site: string): readonly string[] {
  const hosts = allHosts(map);
  const here = siteOf(map, site).hosts;
  return [
    `local-zone: "${map.internalDomain}." static`,
    ...hosts.map((host) => address(host.fqdn, host)),
    "# As certificates and people say it: zpod1.north; and within the site: zpod1.",
    ...hosts.map((host) => address(`${host.name}.${host.site}`, host)),
    ...here.map((host) => address(host.name, host)),
    ...hosts.map((host) => `local-data-ptr: "${host.address} ${hostTtl} ${host.fqdn}"`),
  ];
}

const hostTtl = 300;

function address(name: string, host: HostEntry): string {
  return `local-data: "${name}. ${hostTtl} IN A ${host.address}"`;
}
