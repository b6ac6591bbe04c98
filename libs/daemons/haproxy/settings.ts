import { type Front, type HostEntry, peerOf, ports, tcpPorts, type ZMap } from "@zcloud/map";

/** Where things are on the front's disk. Tests put them elsewhere. */
export interface FrontPaths {
  readonly config: string;
  /** The last configuration that HAProxy itself found good; the unit falls back to it. */
  readonly good: string;
  /** Directory of hosts.map and the others. */
  readonly maps: string;
  readonly crtList: string;
  /** Directory of NAME.pem: certificate chain and private key. */
  readonly certificates: string;
  /** Self-signed, shown for a name that has no certificate yet. */
  readonly placeholder: string;
  readonly slots: string;
  /** Runtime API, level admin. */
  readonly socket: string;
  /** The master's command line, for reloads. */
  readonly master: string;
  readonly ca: string;
  /** This host's certificate; its key stands beside it as `.key`. */
  readonly certificate: string;
}

export const frontPaths: FrontPaths = {
  config: "/etc/haproxy/haproxy.cfg",
  good: "/etc/haproxy/haproxy.cfg.good",
  maps: "/etc/haproxy/maps",
  crtList: "/etc/haproxy/crt.list",
  certificates: "/var/lib/zcloud/zfront/certs",
  placeholder: "/var/lib/zcloud/zfront/placeholder.pem",
  slots: "/var/lib/zcloud/zfront/slots.json",
  socket: "/run/haproxy/admin.sock",
  master: "/run/haproxy-master.sock",
  ca: "/etc/zcloud/pki/ca.crt",
  certificate: "/etc/zcloud/pki/host.crt",
};

/** The directory that HAProxy is locked into. */
const chroot = "/var/lib/haproxy";
/** Where it leaves its access lines, past the journal: the log sender's own socket. */
export const accessSocket = `${chroot}/dev/zcloud-access`;

/** What the map and the machine decide about a front; all that its configuration has besides slots and servers. */
export interface FrontSettings {
  readonly site: string;
  readonly paths: FrontPaths;
  /** HAProxy bind addresses, e.g. `:443`. */
  readonly listen: {
    readonly http: string;
    readonly https: string;
    /** HAProxy address of the TLS frontend while another one looks at names before it (passthrough.ts). */
    readonly peeked: string;
    readonly peer: string;
    /** Port on loopback of the link to the peer (link.ts). */
    readonly link: number;
    /** Where the other front hands over connections of TCP services. */
    readonly tcpPeer: string;
    /** Ports on loopback of the way to the peer for TCP services, and of what came by it (tcp.ts). */
    readonly tcpLink: number;
    readonly tcpLocal: number;
    /** HAProxy bind addresses of the map's TCP services and of the ports that tenants may take, sorted by port. */
    readonly tcp: readonly string[];
    /** Port on loopback that always answers 200 (servers.ts, last resorts). */
    readonly self: number;
    /** UDP port on loopback where our service hears of servers that went down (alarms.ts). */
    readonly alarms: number;
    /** Port on loopback where a process hands its counters to the one that follows it (limits.ts). */
    readonly tables: number;
    /** HAProxy bind address of its own exporter (exporter.ts). */
    readonly metrics: string;
  };
  readonly peer: PeerFront | undefined;
  /** RFC 8555, 8.1; undefined while there is no ACME account. */
  readonly acmeThumbprint: string | undefined;
  /** Who HAProxy becomes after start; undefined: stays who it is (tests). */
  readonly sandbox: { readonly user: string; readonly group: string; readonly chroot: string } | undefined;
  /** HAProxy log target of what went wrong; undefined: no log. */
  readonly log: string | undefined;
  /** Who gets a line for each request and connection; undefined: nobody does. */
  readonly accessLog: AccessLogTarget | undefined;
  readonly limits: Pick<Front, "requestsPerClient" | "connectionsPerClient">;
  readonly logAddresses: Front["logAddresses"];
  /** Networks and public addresses of our own hosts: many clients have one address there, so they are not counted. */
  readonly inside: readonly string[];
}

/** A syslog target of HAProxy (`/dev/log`, `127.0.0.1:514`) and the format that it takes. */
export interface AccessLogTarget {
  readonly target: string;
  readonly format: "local" | "rfc5424";
}

/** The other site's front. */
export interface PeerFront {
  readonly site: string;
  readonly address: string;
  readonly port: number;
  /** For TCP services. */
  readonly tcpPort: number;
  /** Name in its certificate (CN and SAN): it must show it as a server, and is let in by it as a client. */
  readonly name: string;
}

/** The settings of a zfront of the map, in production and in the lab. */
export function frontSettings(map: ZMap, self: HostEntry, acmeThumbprint: string | undefined): FrontSettings {
  const peer = peerOf(map, self);
  return {
    site: self.site,
    paths: frontPaths,
    listen: {
      http: `:${ports.http}`,
      https: `:${ports.https}`,
      // A name of the kernel's, not of a file: HAProxy connects to it from its chroot.
      peeked: "abns@zcloud-tls",
      peer: `${self.address}:${ports.peerFront}`,
      link: ports.peerLink,
      tcpPeer: `${self.address}:${ports.peerFrontTcp}`,
      tcpLink: ports.peerLinkTcp,
      tcpLocal: ports.peerTcpLocal,
      tcp: tcpPorts(map).map((port) => `:${port}`),
      self: ports.frontSelf,
      alarms: ports.frontAlarms,
      tables: ports.frontTables,
      metrics: `${self.address}:${ports.frontMetrics}`,
    },
    peer: peer && {
      site: peer.site,
      address: peer.address,
      port: ports.peerFront,
      tcpPort: ports.peerFrontTcp,
      name: peer.fqdn,
    },
    acmeThumbprint,
    sandbox: { user: "haproxy", group: "haproxy", chroot },
    log: "/dev/log local0",
    accessLog: { target: accessSocket.slice(chroot.length), format: "local" },
    limits: map.front,
    logAddresses: map.front.logAddresses,
    inside: map.sites.flatMap((site) => [
      site.network,
      site.public.ipv4,
      ...(site.public.ipv6 ? [site.public.ipv6] : []),
    ]),
  };
}
