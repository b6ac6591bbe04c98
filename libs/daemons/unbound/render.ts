import { allHosts, type HostEntry, siteOf, type ZMap, znetOf } from "@zcloud/map";
import { allSpecial } from "./addresses.ts";

/** Where files and ports are, for tests that run it on loopback. */
export interface Places {
  readonly interfaces: readonly string[];
  readonly port: number;
  readonly config: string;
  /** Public names with their local answer; written before the running server is told, so that a restart changes nothing. */
  readonly names: string;
  readonly control: string;
  /** Drop-in of Debian's unit. */
  readonly unit: string;
  /** The link that `systemctl enable` makes. */
  readonly enabled: string;
  readonly trustAnchor: string;
  /** User it becomes; empty: stays who it is. */
  readonly user: string;
  readonly directory: string;
}

export function productionPlaces(map: ZMap, site: string): Places {
  return {
    interfaces: [znetOf(map, site).address],
    port: 53,
    config: "/etc/unbound/unbound.conf",
    names: "/etc/unbound/zcloud-names.conf",
    control: "/run/unbound.ctl",
    enabled: "/etc/systemd/system/multi-user.target.wants/unbound.service",
    unit: "/etc/systemd/system/unbound.service.d/zcloud.conf",
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
  return withIdentity(renderBody(map, site, places));
}

/** The configuration with its fingerprint in it. */
export function withIdentity(text: string): string {
  return text.replace("server:\n", `server:\n    identity: "${fingerprintOf(text)}"\n`);
}

/**
 * Identifies a configuration. It stands in it as `identity` (which nobody outside is told), so the running server can
 * be asked which one it has: the first part changes when only a restart will do, the second with every change.
 */
function fingerprintOf(text: string): string {
  const atStart = text
    .split("\n")
    .filter((line) => /^\s*(interface|port|control-|username|chroot|num-threads)/.test(line));
  return `zcloud-${fnv32(atStart.join("\n"))}-${fnv32(text)}`;
}

export function identityOf(config: string): string | undefined {
  return /^\s*identity: "(zcloud-[0-9a-f]+-[0-9a-f]+)"$/m.exec(config)?.[1];
}

/** Whether a server with the first identity can become one with the second without a restart. */
export function reloadable(from: string, to: string): boolean {
  return from.split("-")[1] === to.split("-")[1];
}

/** FNV-1a, hexadecimal. */
function fnv32(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function renderBody(map: ZMap, site: string, places: Places): string {
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
    "extended-statistics: yes",
    "# A VM whose containers ask without end takes nothing from the others.",
    `ip-ratelimit: ${mostQuestions}`,
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
    'tls-cert-bundle: "/etc/ssl/certs/ca-certificates.crt"',
    "",
    ...hostZone(map, site),
    "",
    `include: "${places.names}"`,
  ];
  const forward = ['name: "."', ...upstreams(map)];
  const control = ["control-enable: yes", `control-interface: "${places.control}"`, "control-use-cert: no"];
  return [
    "# Written by znet from the map; changes are overwritten.",
    section("server", server),
    section("remote-control", control),
    section("forward-zone", forward),
  ].join("\n");
}

/** Questions a second that one address may ask; Unbound answers some 50,000 from its cache. */
const mostQuestions = 5_000;

function section(name: string, lines: readonly string[]): string {
  return `${name}:\n${lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n")}\n`;
}

/** Over TLS if the map names their certificates: then all of them. */
function upstreams({ dns }: ZMap): readonly string[] {
  const secret = Object.keys(dns.certificates).length > 0;
  const addresses = dns.upstreams.map((address) => {
    const name = dns.certificates[address];
    return `forward-addr: ${address}${name === undefined ? "" : `@853#${name}`}`;
  });
  return [...(secret ? ["forward-tls-upstream: yes"] : []), ...addresses];
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

/** Comes back after a crash, and waits at boot for its address as long as it takes. */
export function renderDropIn(): string {
  return `# Written by znet; changes are overwritten.
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=1
`;
}
