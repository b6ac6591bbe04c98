import { allHosts, type HostEntry, siteOf, type ZMap, znetOf } from "@zcloud/map";
import { allSpecial, withIdentity } from "../unbound/index.ts";
import { publicHints, type ResolverPlaces, resolverPlaces } from "./places.ts";
import { internalZones, publicZones } from "./zones.ts";

const listensAt = "127.0.0.1";

/**
 * unbound.conf of a VM's own resolver. Everything is asked at the site's znet; what it does not answer, of the world, is
 * resolved from the root on. ADR 0015 has the measurements behind the numbers.
 */
export function renderResolver(map: ZMap, self: HostEntry, places: ResolverPlaces = resolverPlaces): string {
  const znet = znetOf(map, self.site).address;
  const server = [
    `interface: ${listensAt}`,
    "port: 53",
    "do-ip6: no",
    'username: ""',
    'chroot: ""',
    'directory: ""',
    'pidfile: ""',
    "use-syslog: no",
    'logfile: ""',
    "verbosity: 0",
    "",
    "# This VM and, by podman's resolver, its containers.",
    "access-control: 0.0.0.0/0 refuse",
    "access-control: 127.0.0.0/8 allow",
    "hide-identity: yes",
    "hide-version: yes",
    "deny-any: yes",
    "extended-statistics: yes",
    "",
    "# znet validates, and answers for public names itself: nobody could have signed that.",
    'module-config: "iterator"',
    ...rootOf(map, places),
    "",
    "# A silent server is asked with ever more patience, up to 0.6 s; then it is left out for 10 s.",
    "outbound-msg-retry: 1",
    "infra-cache-min-rtt: 100",
    "infra-cache-max-rtt: 600",
    "infra-host-ttl: 10",
    "discard-timeout: 5000",
    "",
    "# znet keeps answers. Here they are short, so that public names change with znet, and small.",
    "cache-max-ttl: 60",
    "cache-max-negative-ttl: 1",
    "serve-expired: yes",
    "serve-expired-client-timeout: 1800",
    "serve-expired-ttl: 3600",
    "num-threads: 1",
    "msg-cache-size: 1m",
    "rrset-cache-size: 2m",
    "",
    ...internalZones(map, self).map((zone) => `local-zone: "${zone}." transparent`),
    ...hostRecords(map, self),
  ];
  const control = ["control-enable: yes", `control-interface: "${places.control}"`, "control-use-cert: no"];
  const forward = (zone: string, first: boolean) =>
    section("forward-zone", [
      `name: "${zone}"`,
      `forward-addr: ${znet}`,
      ...(first ? ["# Else resolved from the root on.", "forward-first: yes"] : []),
    ]);
  const text = [
    "# Written by zCloud from the map; changes are overwritten.",
    section("server", server),
    section("remote-control", control),
    "# znet alone knows these.",
    ...internalZones(map, self).map((zone) => forward(`${zone}.`, false)),
    ...publicZones(map).map((zone) => forward(`${zone}.`, true)),
    forward(".", true),
  ].join("\n");
  return withIdentity(text);
}

/** The map's own hosts need nobody to have names. */
function hostRecords(map: ZMap, { site }: HostEntry): readonly string[] {
  const hosts = allHosts(map);
  const address = (name: string, host: HostEntry) => `local-data: "${name}. 60 IN A ${host.address}"`;
  return [
    ...hosts.flatMap((host) => [address(host.fqdn, host), address(`${host.name}.${host.site}`, host)]),
    ...siteOf(map, site).hosts.map((host) => address(host.name, host)),
    ...hosts.map((host) => `local-data-ptr: "${host.address} 60 ${host.fqdn}"`),
  ];
}

/** Where all upstreams are private there is no internet: they are its root, if anybody is. */
function rootOf(map: ZMap, places: ResolverPlaces): readonly string[] {
  if (!allSpecial(map.dns.upstreams)) return [`root-hints: "${publicHints}"`];
  // Named here, so that the configuration differs when they do.
  return [`# ${map.dns.upstreams.join(" ")}`, `root-hints: "${places.hints}"`];
}

/** The root of an installation that has no internet; undefined where there is one (named.root's form, RFC 1035, 5). */
export function renderHints(map: ZMap): string | undefined {
  if (!allSpecial(map.dns.upstreams)) return undefined;
  const lines = map.dns.upstreams.flatMap((address, index) => {
    const name = `root${index + 1}.invalid.`;
    return [`. 3600000 NS ${name}`, `${name} 3600000 A ${address}`];
  });
  return `; Written by zCloud from the map; changes are overwritten.\n${lines.join("\n")}\n`;
}

/** One server: a second one would be asked about internal names, too (resolv.conf(5)). */
export function renderResolvConf(map: ZMap, self: HostEntry): string {
  return `# Written by zCloud; changes are overwritten. This VM's own resolver: systemctl status zcloud-resolver
nameserver ${listensAt}
search ${self.site}.${map.internalDomain} ${map.internalDomain}
options timeout:3 attempts:2
`;
}

export function renderResolverUnit({ config, unit }: ResolverPlaces = resolverPlaces): string {
  return `# Written by zCloud; changes are overwritten.
[Unit]
Description=zCloud resolver of this VM
After=network.target
Before=nss-lookup.target
Wants=nss-lookup.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
User=unbound
Group=unbound
ExecStart=/usr/sbin/unbound -d -p -c ${config}
Restart=always
RestartSec=200ms
RestartSteps=8
RestartMaxDelaySec=30
TimeoutStopSec=5
RuntimeDirectory=${unit}
UMask=0027
MemoryMax=128M
LimitNOFILE=16384
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`;
}

function section(name: string, lines: readonly string[]): string {
  return `${name}:\n${lines.map((line) => (line === "" ? "" : `    ${line}`)).join("\n")}\n`;
}
