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
  logs: 6514,
  /** HAProxy to HAProxy over mutual TLS. */
  peerFront: 9546,
  /** /healthz, /readyz and /metrics of our services. */
  service: 9550,
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
  /** Ports that the map decides: its TCP services, its replication ports, or any. */
  readonly dynamic?: "tcp-services" | "replication" | "any";
}

const tcp = (from: number, to = from): PortRange => ({ protocol: "tcp", from, to });
const udp = (from: number, to = from): PortRange => ({ protocol: "udp", from, to });
const local = (role: VmParty["role"]): VmParty => ({ role, where: "local" });
const peer = (role: VmParty["role"]): VmParty => ({ role, where: "peer" });

const published = [tcp(ports.published.from, ports.published.to)];
const ceph = [tcp(ports.cephMon), tcp(ports.cephDaemons.from, ports.cephDaemons.to)];

/**
 * Who may need whom. Firewall, linter, documentation and tests are generated from this table; a connection that is
 * not in it is dropped. zNet and zFront never connect to zStore.
 */
export const autonomy: readonly Flow[] = [
  { id: "world-zcloud", from: "world", to: local("zcloud"), what: "its own SSH", kind: "own", ports: [tcp(ports.ssh)] },
  {
    id: "peer-zcloud",
    from: peer("zcloud"),
    to: local("zcloud"),
    what: "WireGuard",
    kind: "own",
    ports: [udp(ports.wireguard)],
  },
  {
    id: "world-zfront",
    from: "world",
    to: local("zfront"),
    what: "HTTP and HTTPS",
    kind: "own",
    ports: [tcp(ports.http), tcp(ports.https)],
  },
  {
    id: "world-zfront-tcp",
    from: "world",
    to: local("zfront"),
    what: "the map's TCP services",
    kind: "own",
    ports: [],
    dynamic: "tcp-services",
  },
  {
    id: "vm-znet-dns",
    from: local("every-vm"),
    to: local("znet"),
    what: "DNS",
    kind: "optional",
    ports: [udp(ports.dns), tcp(ports.dns)],
  },
  {
    id: "vm-znet-ntp",
    from: local("every-vm"),
    to: local("znet"),
    what: "NTP",
    kind: "optional",
    ports: [udp(ports.ntp)],
  },
  {
    id: "vm-znet-logs",
    from: local("every-vm"),
    to: local("znet"),
    what: "logs",
    kind: "optional",
    ports: [tcp(ports.logs)],
  },
  {
    id: "vm-znet-nats",
    from: local("every-vm"),
    to: local("znet"),
    what: "NATS",
    kind: "optional",
    ports: [tcp(ports.nats)],
  },
  {
    id: "znet-vm-metrics",
    from: local("znet"),
    to: local("every-vm"),
    what: "metrics and health",
    kind: "optional",
    ports: [tcp(ports.service)],
  },
  {
    id: "zfront-zpod",
    from: local("zfront"),
    to: local("zpod"),
    what: "published endpoints",
    kind: "runtime",
    ports: published,
  },
  {
    id: "zfront-zmah",
    from: local("zfront"),
    to: local("zmah"),
    what: "published endpoints",
    kind: "runtime",
    ports: published,
  },
  {
    id: "zfront-peer",
    from: local("zfront"),
    to: peer("zfront"),
    what: "peer listener, mutual TLS",
    kind: "runtime",
    ports: [tcp(ports.peerFront)],
  },
  { id: "zpod-zstore", from: local("zpod"), to: local("zstore"), what: "Ceph", kind: "runtime", ports: ceph },
  { id: "zpod-zstore-peer", from: local("zpod"), to: peer("zstore"), what: "Ceph", kind: "runtime", ports: ceph },
  {
    id: "zpod-zfront",
    from: local("zpod"),
    to: local("zfront"),
    what: "service-to-service calls",
    kind: "runtime",
    ports: [tcp(ports.http), tcp(ports.https)],
  },
  { id: "zstore-peer", from: local("zstore"), to: peer("zstore"), what: "Ceph", kind: "runtime", ports: ceph },
  {
    id: "zstore-witness",
    from: local("zstore"),
    to: "witness",
    what: "Ceph monitor",
    kind: "runtime",
    ports: [tcp(ports.cephMon)],
  },
  {
    id: "witness-zstore",
    from: "witness",
    to: local("zstore"),
    what: "Ceph monitor",
    kind: "runtime",
    ports: [tcp(ports.cephMon)],
  },
  {
    id: "zmah-peer",
    from: local("zmah"),
    to: peer("zmah"),
    what: "the replication ports the map names",
    kind: "runtime",
    ports: [],
    dynamic: "replication",
  },
  {
    id: "znet-peer-nats",
    from: local("znet"),
    to: peer("znet"),
    what: "NATS leafnode",
    kind: "optional",
    ports: [tcp(ports.leafnode)],
  },
  {
    id: "znet-peer-dns",
    from: local("znet"),
    to: peer("znet"),
    what: "the peer's zone",
    kind: "optional",
    ports: [udp(ports.dns), tcp(ports.dns)],
  },
  {
    id: "zcloud-vm",
    from: local("zcloud"),
    to: local("every-vm"),
    what: "SSH",
    kind: "maintenance",
    ports: [tcp(ports.ssh)],
  },
  {
    id: "vm-internet",
    from: local("every-vm"),
    to: "internet",
    what: "most outbound",
    kind: "allowed",
    ports: [],
    dynamic: "any",
  },
];
