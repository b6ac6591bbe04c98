import { dialsPeer, type HostEntry, type Keys, ports, siteOf, type ZMap, znetOf } from "@zcloud/map";
import { permissionsOf, usesBus } from "./permissions.ts";

/** Loopback only: what the server says about itself (/varz, /leafz). */
export const monitorPort = 8222;

/** Where the server's files and ports are; tests run two sites on loopback. */
export interface Places {
  /** The server's own copies; it runs as user `nats` and can't read /etc/zcloud/pki/host.key (root, 0600). */
  readonly directory: string;
  /** Whom the server's files belong to, `user:group`; the group reads them. */
  readonly owner: string;
  readonly unit: string;
  /** The link that `systemctl enable` makes. */
  readonly enabled: string;
  readonly storeDirectory: string;
  readonly monitor: string;
  address(host: HostEntry): string;
  natsPort(site: string): number;
  leafPort(site: string): number;
}

export const productionPlaces: Places = {
  directory: "/etc/nats",
  owner: "root:nats",
  unit: "/etc/systemd/system/nats-server.service.d/zcloud.conf",
  enabled: "/etc/systemd/system/multi-user.target.wants/nats-server.service",
  storeDirectory: "/var/lib/nats",
  monitor: `127.0.0.1:${monitorPort}`,
  address: (host) => host.address,
  natsPort: () => ports.nats,
  leafPort: () => ports.leafnode,
};

/** nats-server.conf of a site's znet. Hosts without a public key in `keys` are left out: they have not enrolled. */
export function renderNats(map: ZMap, keys: Keys, site: string, places: Places = productionPlaces): string {
  const znet = znetOf(map, site);
  const users = siteOf(map, site)
    .hosts.filter(usesBus)
    .flatMap((host) => {
      const nkey = keys.hosts[host.id]?.nkey;
      return nkey === undefined ? [] : [renderUser(host, nkey)];
    });
  const address = places.address(znet);
  return `# Written by znet from the map; changes are overwritten.
server_name: "znet.${site}"
listen: "${address}:${places.natsPort(site)}"
http: "${places.monitor}"
max_connections: 128
max_payload: 1MB
max_pending: 64MB
write_deadline: "10s"
# A dead peer or host is noticed within 15 s.
ping_interval: "5s"
ping_max: 2
lame_duck_duration: "30s"
lame_duck_grace_period: "1s"
logtime: false

${renderTls(places.directory)}
jetstream {
  store_dir: "${places.storeDirectory}"
  domain: "${site}"
  max_memory_store: 64MB
  max_file_store: 2GB
  # What was acknowledged survives a power cut.
  sync_interval: always
}

accounts {
  ZCLOUD: {
    jetstream: enabled
    users: [
${users.join("\n")}
    ]
  }
  SYSTEM: {}
}
system_account: SYSTEM
${renderLeafnode(map, keys, site, places)}`;
}

/** For which a host may answer what it heard: as long as the longest work on a volume takes. */
const answerTime = "3m";

function renderUser(host: HostEntry, nkey: string): string {
  const { publish, subscribe, answers } = permissionsOf(host);
  return `      # ${host.id}
      { nkey: ${nkey}, permissions: {
${renderSubjects("publish", publish)}
${renderSubjects("subscribe", subscribe)}${answers === true ? `\n        allow_responses: { max: 1, expires: "${answerTime}" }` : ""}
      } }`;
}

function renderSubjects(verb: "publish" | "subscribe", subjects: readonly string[]): string {
  return `        ${verb}: { allow: [
${subjects.map((subject) => `          "${subject}"`).join("\n")}
        ] }`;
}

/** Both ends must show a certificate of the installation's CA. */
function renderTls(at: string, indent = ""): string {
  const lines = [
    "tls {",
    `  cert_file: "${at}/host.crt"`,
    `  key_file: "${at}/host.key"`,
    `  ca_file: "${at}/ca.crt"`,
    "  verify: true",
    "  timeout: 5",
    "}",
  ];
  return `${lines.map((line) => indent + line).join("\n")}\n`;
}

/** One link between the sites: the later one in the map dials, the other listens and knows the dialler's key. */
function renderLeafnode(map: ZMap, keys: Keys, site: string, places: Places): string {
  const { peer } = siteOf(map, site);
  if (peer === undefined) return "";
  const other = znetOf(map, peer);
  if (dialsPeer(map, site)) {
    return `
# Defines leaf_seed, this host's own key.
include "leaf.conf"
leafnodes {
  reconnect: "1s"
  remotes: [ {
    url: "tls://${places.address(other)}:${places.leafPort(peer)}"
    account: ZCLOUD
    nkey: $leaf_seed
${renderTls(places.directory, "    ")}  } ]
}
`;
  }
  const nkey = keys.hosts[other.id]?.nkey;
  if (nkey === undefined) return "";
  return `
leafnodes {
  listen: "${places.address(znetOf(map, site))}:${places.leafPort(site)}"
  authorization { nkey: ${nkey}, account: ZCLOUD }
${renderTls(places.directory, "  ")}}
`;
}

/** The secret part of the dialling site's configuration. */
export function renderLeafKey(seed: string): string {
  return `leaf_seed: "${seed.trim()}"\n`;
}

/** What the rendered text of one directory is in another, for a check before the files are in place. */
export function moveTo(config: string, from: string, to: string): string {
  return config.replaceAll(`"${from}/`, `"${to}/`);
}

/** Lets Debian's unit run our configuration, come back after a crash, and nothing more than it needs. */
export function renderDropIn({ directory, storeDirectory }: Places = productionPlaces): string {
  return `# Written by znet; changes are overwritten.
[Unit]
StartLimitIntervalSec=0

[Service]
ExecStart=
ExecStart=/usr/sbin/nats-server -c ${directory}/nats-server.conf
Restart=always
RestartSec=1
TimeoutStopSec=45
StateDirectory=${storeDirectory.replace(/^\/var\/lib\//, "")}
StateDirectoryMode=0700
Environment=GOMEMLIMIT=192MiB
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
`;
}
