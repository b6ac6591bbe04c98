/**
 * The map, resolved: every default filled in, every address computed, every reference checked.
 * `load.ts` makes it from the operator's `zcloud.yaml`; everything else in the system is derived from it.
 */

import type { DayWindow } from "./window.ts";

/** The kinds of VM at a site, the hypervisor that carries them, and the machine at a third place. */
export type Role = "zcloud" | "znet" | "zfront" | "zstore" | "zpod" | "zmah" | "witness";

/** Of a site, in the order in which it boots and in which addresses are given. */
export const roles = ["zcloud", "znet", "zfront", "zstore", "zpod", "zmah"] as const satisfies readonly Role[];

/** One machine: a VM, or the hypervisor itself. */
export interface HostEntry {
  /** How people write it: `north/zpod1`. Unique in the map. */
  readonly id: string;
  /** Empty for the witness, which is of none. */
  readonly site: string;
  readonly role: Role;
  /** Unique within its site: `zpod1`. Roles that can have several hosts always carry their number. */
  readonly name: string;
  /** `zpod1.north.zcloud.internal`. */
  readonly fqdn: string;
  /** IPv4, inside the site's network. */
  readonly address: string;
  /** Of a zcloud: what the map says about the machine, 0 where it says nothing; of a VM always known. */
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes. */
  readonly disk: number;
}

/** A location and failure domain: one rented server. */
export interface Site {
  readonly name: string;
  /** The other site's name; undefined while the map has only one site. */
  readonly peer: string | undefined;
  readonly public: { readonly ipv4: string; readonly ipv6: string | undefined };
  /** CIDR, canonical: `10.64.1.0/24`. */
  readonly network: string;
  readonly disks: { readonly vm: string | undefined; readonly ceph: readonly string[] };
  /** In the order of `roles`, then by number. */
  readonly hosts: readonly HostEntry[];
}

/** Somebody who may log in and sign maps. */
export interface Operator {
  readonly name: string;
  /** OpenSSH public key line without options, e.g. `ssh-ed25519 AAAA...`. */
  readonly key: string;
}

/** A port of the world that is not HTTP, served by a stack's service. */
export interface TcpService {
  readonly name: string;
  readonly port: number;
  readonly tenant: string;
  readonly project: string;
  readonly service: string;
  readonly proxyProtocol: boolean;
  /** What its servers say first, before anybody says something to them: `220`, `* OK`, `+OK`. */
  readonly greets?: string;
}

/** A port that zmahs of both sites open to each other, for a service that replicates itself. */
export interface ReplicationPort {
  readonly name: string;
  readonly port: number;
  readonly tenant: string;
  readonly project: string;
  readonly service: string;
}

/** Whose containers run here, under which names, and how much they may use (the envelope). */
export interface Tenant {
  readonly name: string;
  /** Lower-case host names; `*.garden.example.net` stands for exactly one more label. */
  readonly names: readonly string[];
  /** Public ports that its stacks may ask for, ascending. */
  readonly ports: readonly number[];
  /** Bytes of volumes over all its stacks. */
  readonly volumes: number;
  /** Bytes of memory over all its containers at one site. */
  readonly memory: number;
  /** Cores at one site. */
  readonly cpus: number;
  readonly stacks: number;
  /** Requests in ten seconds at one site, of all clients together; undefined: as many as come. */
  readonly requests: number | undefined;
  /** SHA-256, hexadecimal, of what opens its log lines to whoever says it. */
  readonly tokens: readonly string[];
}

/** How the fronts treat everybody, and what they write down of it. */
export interface Front {
  /** Requests of one client in ten seconds. A client is an IPv4 address or an IPv6 /64. */
  readonly requestsPerClient: number;
  /** Open connections of one client. */
  readonly connectionsPerClient: number;
  /** What the access log says of clients: their network (IPv4 /24, IPv6 /48), or their address. */
  readonly logAddresses: "truncated" | "full";
}

export interface Acme {
  /** Directory URL (RFC 8555, 7.1.1). */
  readonly directory: string;
  readonly contact: string | undefined;
  /** One of the authority's profiles; undefined: its usual one. */
  readonly profile: string | undefined;
}

/** Where the sites' resolvers ask about the rest of the world. */
export interface Dns {
  /** IPv4 addresses, in the order of the file. */
  readonly upstreams: readonly string[];
  /** Names that their certificates must have, by address: all of them are asked over TLS, or none. */
  readonly certificates: Readonly<Record<string, string>>;
}

/** Whom the sites ask for the time; each VM too, while znet does not answer. */
export interface Ntp {
  /** Host names (all of their addresses are servers) and IPv4 addresses. */
  readonly servers: readonly string[];
  /** Host names of servers that prove who they are (NTS, RFC 8915). */
  readonly nts: readonly string[];
}

/** Who is told of alerts. Passwords, and URLs that are secrets, are files on znet. */
export interface Alerts {
  readonly mail?: {
    readonly to: readonly string[];
    readonly from: string;
    /** `mail.example.net:587`. */
    readonly smarthost: string;
    /** For whom znet has a password; undefined: the smarthost wants none. */
    readonly user?: string;
  };
  /** Without a URL, it is in a file on znet. */
  readonly webhook?: { readonly url?: string };
}

/** When a site's VMs take security upgrades. */
export interface Upgrades {
  readonly window: DayWindow;
  readonly reboot: "never" | "in-window";
}

export interface Storage {
  readonly kind: "ceph" | "local";
  readonly profile: "lab" | "metro" | "wide";
  /** Of all data, over both sites: half of them at each. */
  readonly copies: 2 | 4;
  /** Whose packages of Ceph the hosts have. */
  readonly packages: "debian" | "upstream";
  /** Bytes of a disk that is a file. */
  readonly fileDisk: number;
}

/** The whole of an installation. */
export interface ZMap {
  /** Public domain under which stacks get names by default. */
  readonly domain: string;
  /** Domain of the hosts' own names, `zcloud.internal` by default. */
  readonly internalDomain: string;
  readonly operators: readonly Operator[];
  /** One or two, in the order of the file. */
  readonly sites: readonly Site[];
  readonly witness: { readonly address: string } | undefined;
  readonly storage: Storage;
  readonly acme: Acme;
  readonly dns: Dns;
  readonly ntp: Ntp;
  readonly front: Front;
  readonly upgrades: Upgrades;
  /** Seconds to keep, bytes at most; `name`: where tenants read their own lines, undefined: nowhere. */
  readonly log: { readonly keep: number; readonly atMost: number; readonly name: string | undefined };
  /** The same of each site's own numbers. */
  readonly metrics: { readonly keep: number; readonly atMost: number };
  readonly alerts: Alerts;
  readonly tcp: readonly TcpService[];
  readonly replication: readonly ReplicationPort[];
  readonly tenants: readonly Tenant[];
}
