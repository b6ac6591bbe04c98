import type { Role } from "./model.ts";

/** Ports that hosts serve each other; one place, because firewall, renderers and docs must agree. */
export const ports = {
  ssh: 22,
  dns: 53,
  http: 80,
  ntp: 123,
  https: 443,
  nats: 4222,
  leafnode: 7422,
  /** One for each host of a site: its offset in the site's network from `from` on (logPort). */
  logs: { from: 6514, to: 6577 },
  /** HAProxy to HAProxy over mutual TLS. */
  peerFront: 9546,
  /** The same for TCP services. */
  peerFrontTcp: 9544,
  /** On loopback of a zfront: HAProxy's way to the other site's front for TCP services, and what came by it. */
  peerLinkTcp: 9543,
  peerTcpLocal: 9542,
  /** On loopback of a zfront: HAProxy's way to the other site's front. */
  peerLink: 9547,
  /** On loopback of a zfront: HAProxy's own answer to the checks of last resorts. */
  frontSelf: 9548,
  /** On loopback of a zfront, UDP: where HAProxy tells our service of servers that went down. */
  frontAlarms: 9549,
  /** On loopback of a zfront: where an old HAProxy hands its counters to the new one. */
  frontTables: 9545,
  /** /healthz, /readyz and /metrics of our services. */
  service: 9550,
  /** On a znet: tenants' reading of their own log lines, for its site's front. */
  tenantLogs: 9552,
  /** HAProxy's own exporter on a zfront. */
  frontMetrics: 9551,
  /** What an operating system says of itself (prometheus-node-exporter). */
  node: 9100,
  wireguard: 51820,
  cephMon: 3300,
  /** Where podman publishes containers on zpod and zmah: the kernel's ephemeral range. */
  published: { from: 32768, to: 60999 },
  /** OSD, MDS and mgr daemons of Ceph. */
  cephDaemons: { from: 6800, to: 7568 },
} as const;

/** `local`: in the same site. `peer`: at the other site. */
export interface VmParty {
  readonly role: Role | "every-vm";
  readonly where: "local" | "peer";
}
export type Party = VmParty | "world" | "internet" | "witness";

/**
 * own: the host's reason to exist. runtime: it cannot do its work without. optional: it goes on without.
 * maintenance: only for administration. allowed: permitted, nothing depends on it.
 */
export type FlowKind = "own" | "runtime" | "optional" | "maintenance" | "allowed";

export interface PortRange {
  readonly protocol: "tcp" | "udp";
  readonly from: number;
  readonly to: number;
}

/** One line of the autonomy table: who may open connections to whom, for what. */
export interface Flow {
  readonly id: string;
  readonly from: Party;
  readonly to: Party;
  readonly what: string;
  readonly kind: FlowKind;
  /** Fixed ports. Empty where `dynamic` names where they come from. */
  readonly ports: readonly PortRange[];
  /**
   * Ports that the map decides: of its TCP services and those it allows to tenants, its replication ports, that of tenants'
   * logs if it names a place for them, or any.
   */
  readonly dynamic?: "tcp-services" | "replication" | "tenant-logs" | "any";
  /** A zcloud takes part with its public address; without it, every host does with its own in the site's network. */
  readonly over?: "public";
}

const tcp = (from: number, to = from): PortRange => ({ protocol: "tcp", from, to });
const udp = (from: number, to = from): PortRange => ({ protocol: "udp", from, to });
const local = (role: VmParty["role"]): VmParty => ({ role, where: "local" });
const peer = (role: VmParty["role"]): VmParty => ({ role, where: "peer" });

const web = [tcp(ports.http), tcp(ports.https)];
const dns = [udp(ports.dns), tcp(ports.dns)];
const published = [tcp(ports.published.from, ports.published.to)];
const ceph = [tcp(ports.cephMon), tcp(ports.cephDaemons.from, ports.cephDaemons.to)];

/** Ports, or what in the map decides them. */
type Through = readonly PortRange[] | NonNullable<Flow["dynamic"]>;

function flow(
  id: string,
  from: Party,
  to: Party,
  kind: FlowKind,
  what: string,
  through: Through,
  over?: "public",
): Flow {
  const decided = typeof through === "string" ? { ports: [], dynamic: through } : { ports: through };
  return { id, from, to, what, kind, ...decided, ...(over === undefined ? {} : { over }) };
}

/**
 * Who may need whom. Firewall, linter, documentation and tests are generated from this table; a connection that is
 * not in it is dropped. zNet and zFront never connect to zStore. `every-vm` is never the hypervisor.
 */
export const autonomy: readonly Flow[] = [
  flow("world-zcloud", "world", local("zcloud"), "own", "its own SSH", [tcp(ports.ssh)], "public"),
  flow("peer-zcloud", peer("zcloud"), local("zcloud"), "own", "WireGuard", [udp(ports.wireguard)], "public"),
  flow("world-zfront", "world", local("zfront"), "own", "HTTP and HTTPS", web),
  flow("world-zfront-tcp", "world", local("zfront"), "own", "TCP services", "tcp-services"),
  flow("vm-znet-dns", local("every-vm"), local("znet"), "optional", "DNS", dns),
  flow("vm-znet-ntp", local("every-vm"), local("znet"), "optional", "NTP", [udp(ports.ntp)]),
  flow("vm-znet-logs", local("every-vm"), local("znet"), "optional", "logs", [tcp(ports.logs.from, ports.logs.to)]),
  flow("vm-znet-nats", local("every-vm"), local("znet"), "optional", "NATS", [tcp(ports.nats)]),
  flow("znet-zfront-metrics", local("znet"), local("zfront"), "optional", "metrics", [
    tcp(ports.service),
    tcp(ports.frontMetrics),
    tcp(ports.node),
  ]),
  flow("znet-zpod-metrics", local("znet"), local("zpod"), "optional", "metrics", [tcp(ports.service), tcp(ports.node)]),
  flow("znet-zmah-metrics", local("znet"), local("zmah"), "optional", "metrics", [tcp(ports.service), tcp(ports.node)]),
  flow("zfront-zpod", local("zfront"), local("zpod"), "runtime", "published endpoints", published),
  flow("zfront-zmah", local("zfront"), local("zmah"), "runtime", "published endpoints", published),
  flow(
    "zfront-znet-logs",
    local("zfront"),
    local("znet"),
    "optional",
    "tenants' reading of their own log lines",
    "tenant-logs",
  ),
  flow("zfront-peer", local("zfront"), peer("zfront"), "runtime", "peer listener, mutual TLS", [
    tcp(ports.peerFront),
    tcp(ports.peerFrontTcp),
  ]),
  flow("zpod-zstore", local("zpod"), local("zstore"), "runtime", "Ceph", ceph),
  flow("zpod-zstore-peer", local("zpod"), peer("zstore"), "runtime", "Ceph", ceph),
  flow("zpod-zfront", local("zpod"), local("zfront"), "runtime", "service-to-service calls", web),
  flow("zpod-zfront-tcp", local("zpod"), local("zfront"), "runtime", "calls to TCP services", "tcp-services"),
  flow("zstore-peer", local("zstore"), peer("zstore"), "runtime", "Ceph", ceph),
  flow("zstore-witness", local("zstore"), "witness", "runtime", "Ceph monitor", [tcp(ports.cephMon)]),
  flow("witness-zstore", "witness", local("zstore"), "runtime", "Ceph monitor", [tcp(ports.cephMon)]),
  flow("world-witness", "world", "witness", "maintenance", "SSH", [tcp(ports.ssh)]),
  flow("witness-internet", "witness", "internet", "allowed", "most outbound", "any"),
  flow("zmah-zfront", local("zmah"), local("zfront"), "optional", "containers' calls to public names", web),
  flow(
    "zmah-zfront-tcp",
    local("zmah"),
    local("zfront"),
    "optional",
    "containers' calls to TCP services",
    "tcp-services",
  ),
  flow("zmah-peer", local("zmah"), peer("zmah"), "runtime", "the replication ports the map names", "replication"),
  flow("znet-peer-nats", local("znet"), peer("znet"), "optional", "NATS leafnode", [tcp(ports.leafnode)]),
  flow("znet-peer-dns", local("znet"), peer("znet"), "optional", "the peer's zone", dns),
  flow("zcloud-vm", local("zcloud"), local("every-vm"), "maintenance", "SSH", [tcp(ports.ssh)]),
  flow("vm-internet", local("every-vm"), "internet", "allowed", "most outbound", "any"),
];
