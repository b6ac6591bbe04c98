import * as z from "zod";
import { defaults } from "./defaults.ts";
import { hostNameComplaint, labelComplaint, publicNameComplaint } from "./names.ts";
import { operatorKeyComplaint } from "./openssh-key.ts";
import { misplaced } from "./schema-problems.ts";
import {
  contactComplaint,
  directoryComplaint,
  duration,
  greetingComplaint,
  ipv4Complaint,
  ipv6Complaint,
  networkComplaint,
  operatorNameComplaint,
  optional,
  pathComplaint,
  profileComplaint,
  rate,
  resolverComplaint,
  siteNameComplaint,
  size,
  smarthostComplaint,
  smtpUserComplaint,
  stackComplaint,
  text,
  timeServerComplaint,
  tokenHashComplaint,
  webhookComplaint,
} from "./values.ts";
import { windowComplaint } from "./window.ts";

/**
 * The file as the user writes it: nothing is filled in and nothing is converted, so that an editor, the JSON Schema and
 * the problems speak of what stands in the file. `resolve.ts` makes a `ZMap` of it.
 */

const port = (description: string, example: number) =>
  z
    .int()
    .min(1)
    .max(65535)
    .meta({ description, examples: [example] });
const cores = (description: string, example: number) =>
  z
    .int()
    .min(1)
    .max(512)
    .meta({ description, examples: [example] });

const HostSize = z.strictObject({
  cpus: optional(cores("Virtual processors.", 2)),
  memory: optional(size("Memory.", "4G")),
  disk: optional(size("System disk.")),
});

const CountedSize = HostSize.extend({
  count: optional(
    z.int().min(1).max(15),
    1,
    "How many of them a site has, zpod and zmah only; the same at both sites.",
  ),
});

/** A site may size its zpods and zmahs, not count them. */
const UncountedSize = HostSize.extend({});

const HostSizes = z.strictObject({
  znet: optional(HostSize, defaults.hosts.znet, "Resolver, time, logs, bus."),
  zfront: optional(HostSize, defaults.hosts.zfront, "Where the world's connections end: HAProxy, certificates."),
  zstore: optional(HostSize, defaults.hosts.zstore, "Ceph daemons."),
  zpod: optional(CountedSize, defaults.hosts.zpod, "Containers with volumes on zStore."),
  zmah: optional(CountedSize, defaults.hosts.zmah, "Containers that replicate by themselves, on local disks."),
});

const SiteSizes = z.strictObject({
  znet: optional(HostSize),
  zfront: optional(HostSize),
  zstore: optional(HostSize),
  zpod: optional(UncountedSize),
  zmah: optional(UncountedSize),
});

const machineHint = { zcloud: "zcloud is the rented server itself; give its size under sites.NAME.machine" };
misplaced.add(HostSizes, machineHint);
misplaced.add(SiteSizes, machineHint);
misplaced.add(HostSize, { count: "there is exactly one at each site; only zpod and zmah have a count" });
misplaced.add(UncountedSize, { count: "the count is the same at both sites; set it under the top level's hosts" });

const PublicAddresses = z.strictObject({
  ipv4: text(ipv4Complaint, { description: "The server's public IPv4 address.", examples: ["198.51.100.10"] }),
  ipv6: optional(
    text(ipv6Complaint, { description: "The server's public IPv6 address.", examples: ["2001:db8:1::10"] }),
  ),
});

const device = (description: string, example: string) => text(pathComplaint, { description, examples: [example] });

const Disks = z.strictObject({
  vm: optional(device("Device that holds the VMs' disks.", "/dev/nvme0n1")),
  ceph: optional(
    z.array(device("A whole device for Ceph; in a lab, a file on zstore.", "/dev/nvme1n1")).max(24),
    undefined,
    "Devices that Ceph gets whole. What is on them is lost.",
  ),
});

const Machine = z.strictObject({
  cpus: optional(cores("Threads of the server.", 16)),
  memory: optional(size("Memory of the server; its VMs must fit.", "64G")),
});

const SiteFile = z.strictObject({
  public: PublicAddresses.meta({
    description: "Where the world reaches this site.",
    examples: [{ ipv4: "198.51.100.10" }],
  }),
  network: text(networkComplaint, {
    description: "Private network of the site's VMs, /16 to /26. Hosts get their addresses from it, in a fixed order.",
    examples: ["10.64.1.0/24"],
  }),
  disks: optional(Disks, undefined, "Disks of the rented server."),
  machine: optional(Machine, undefined, "The rented server itself. Where given, the VMs are checked against it."),
  hosts: optional(SiteSizes, undefined, "Sizes that differ at this site from those under the top level's hosts."),
});

const Operator = z.strictObject({
  name: text(operatorNameComplaint, { description: "Stands in signatures and in the audit.", examples: ["robin"] }),
  key: text(operatorKeyComplaint, {
    description: "OpenSSH public key: Ed25519, ECDSA, RSA of 2048 bits or more, or one on a hardware token.",
    examples: ["ssh-ed25519 AAAA..."],
  }),
});

const served = {
  stack: text(stackComplaint, { description: "The stack that serves it, as tenant/project.", examples: ["mail/mail"] }),
  service: text(labelComplaint, { description: "The stack's service, as in its compose file.", examples: ["postfix"] }),
};

const TcpFile = z.strictObject({
  port: port("Port at the public addresses of both sites.", 25),
  ...served,
  proxy_protocol: optional(
    z.boolean(),
    false,
    "Tell the service the client's address by the PROXY protocol, version 2.",
  ),
  greets: optional(
    text(greetingComplaint, {
      description:
        "What the service says first, e.g. 220 (SMTP), * OK (IMAP), +OK (POP3). Checks and probes hold it to that; without it a connection that opens is enough.",
      examples: ["220"],
    }),
  ),
});

const ReplicationFile = z.strictObject({
  port: port("Port that zmahs of both sites open to each other.", 5432),
  ...served,
});

const TenantFile = z.strictObject({
  names: optional(
    z.array(
      text(publicNameComplaint, {
        description: "A host name, or *. and one for exactly one more label.",
        examples: ["*.garden.example.net"],
      }),
    ),
    undefined,
    "Public names its stacks may use. By default TENANT.DOMAIN and *.TENANT.DOMAIN.",
  ),
  ports: optional(
    z.array(port("A port at the public addresses of both sites.", 25)).max(100),
    undefined,
    "Public ports that its stacks may ask for themselves, by x-zcloud.tcp. The firewall opens them, and the fronts listen, as soon as the map is applied. By default none.",
  ),
  volumes: optional(size("Volumes of all its stacks together."), defaults.tenant.volumes),
  memory: optional(size("Memory of all its containers at one site.", "2G"), defaults.tenant.memory),
  cpus: optional(z.number().min(0.1).max(512), defaults.tenant.cpus, "Processors of all its containers at one site."),
  stacks: optional(z.int().min(1).max(1000), defaults.tenant.stacks, "How many stacks it may have."),
  tokens: optional(
    z
      .array(
        text(tokenHashComplaint, {
          description: "The SHA-256 of a token, as zctl token says it.",
          examples: ["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
          pattern: "^sha256:[0-9a-f]{64}$",
        }),
      )
      .max(20),
    undefined,
    "Who says one of these tokens reads the tenant's log lines, at log.name, and nothing else. zctl token makes one. By default nobody.",
  ),
  requests: optional(
    rate("Requests to all its names at one site, of all clients together. By default as many as come.", "500/s"),
  ),
});

const FrontFile = z.strictObject({
  requests_per_client: optional(
    rate("Requests of one client at one site, counted over ten seconds; more are answered 429.", "200/s"),
    defaults.front.requestsPerClient,
  ),
  connections_per_client: optional(
    z.int().min(1).max(100_000),
    defaults.front.connectionsPerClient,
    "Open connections of one client at one site. A client is an IPv4 address or an IPv6 /64.",
  ),
  log_addresses: optional(
    z.enum(["truncated", "full"]),
    defaults.front.logAddresses,
    "What the access log says of clients: their network (IPv4 /24, IPv6 /48), or their address.",
  ),
});

const Storage = z.strictObject({
  kind: z
    .enum(["ceph", "local"])
    .meta({ description: "ceph: over both sites and the witness. local: each zpod's own disk, for a first try." }),
  profile: optional(
    z.enum(["lab", "metro", "wide"]),
    defaults.storage.profile,
    "How patient Ceph is: both sites on one machine; less than 10 ms apart; or farther.",
  ),
  copies: optional(
    z.union([z.literal(2), z.literal(4)]),
    defaults.storage.copies,
    "Of all data, over both sites. 2: one at each; while a site is away, one disk holds what is new. 4: two at each, which takes two disks at each.",
  ),
  packages: optional(
    z.enum(["debian", "upstream"]),
    defaults.storage.packages,
    "Whose packages of Ceph the hosts have: Debian's, whose manager is mended by zCloud, or upstream's own.",
  ),
  file_disk: optional(
    size("How large a disk is that is a file: sites.NAME.disks.ceph with a path outside /dev, for the lab.", "4G"),
    defaults.storage.fileDisk,
  ),
});

const AcmeFile = z.strictObject({
  directory: optional(
    text(directoryComplaint, {
      description: "letsencrypt, letsencrypt-staging, or the https URL of a directory.",
      examples: ["letsencrypt"],
    }),
    defaults.acme.directory,
  ),
  contact: optional(
    text(contactComplaint, { description: "Mail address for the CA.", examples: ["hostmaster@example.net"] }),
  ),
  profile: optional(
    text(profileComplaint, {
      description: "One of the CA's profiles, e.g. for certificates of six days; its usual one without.",
      examples: ["shortlived"],
    }),
  ),
});

const DnsFile = z.strictObject({
  upstreams: optional(
    z
      .array(
        text(resolverComplaint, {
          description:
            "A resolver's IPv4 address; `ADDRESS#NAME`: asked over TLS, and its certificate must have that name.",
          examples: ["9.9.9.9#dns.quad9.net"],
        }),
      )
      .min(1)
      .max(8),
    defaults.dns.upstreams,
    "Resolvers that znet asks. Their answers are validated by DNSSEC, unless all of them are private.",
  ),
});

const NtpFile = z.strictObject({
  servers: optional(
    z
      .array(
        text(timeServerComplaint, {
          description: "A host name or an IPv4 address.",
          examples: ["2.debian.pool.ntp.org"],
        }),
      )
      .max(8),
    defaults.ntp.servers,
    "Time servers. Of a name, several of its addresses are asked.",
  ),
  nts: optional(
    z.array(text(hostNameComplaint, { description: "A host name.", examples: ["time.cloudflare.com"] })).max(8),
    defaults.ntp.nts,
    "Time servers that prove who they are (NTS).",
  ),
});

const LogFile = z.strictObject({
  keep: optional(duration("How long znet keeps logs."), defaults.log.keep),
  at_most: optional(size("How much of znet's disk logs may take."), defaults.log.atMost),
  name: optional(
    text(hostNameComplaint, {
      description: "Public name at which tenants read their own log lines, with their tokens.",
      examples: ["logs.example.net"],
    }),
    undefined,
    "Public name at which tenants read their own log lines, with a token, at /SITE/. By default there is no such place, and no way to it.",
  ),
});

const MetricsFile = z.strictObject({
  keep: optional(duration("How long znet keeps its site's numbers."), defaults.metrics.keep),
  at_most: optional(size("How much of znet's disk they may take.", "2G"), defaults.metrics.atMost),
});

const address = (description: string, example: string) => text(contactComplaint, { description, examples: [example] });

const AlertsFile = z.strictObject({
  mail: optional(
    z.strictObject({
      to: z.array(address("Who is told.", "robin@example.net")).min(1).max(20).meta({ description: "Who is told." }),
      from: address("The sender.", "zcloud@example.net"),
      smarthost: text(smarthostComplaint, {
        description: "Mail server that takes it, and its port. It must speak TLS.",
        examples: ["mail.example.net:587"],
      }),
      user: optional(
        text(smtpUserComplaint, {
          description:
            "Whom the server knows. The password is a file on each znet, /etc/zcloud/secrets/alerts-mail-password.",
          examples: ["zcloud"],
        }),
      ),
    }),
    undefined,
    "Mail, as plain as it comes.",
  ),
  webhook: optional(
    z.strictObject({
      url: optional(
        text(webhookComplaint, {
          description: "Where alerts are posted.",
          examples: ["https://alerts.example.net/in"],
        }),
        undefined,
        "Where alerts are posted, as Alertmanager's JSON. Without it, the URL is in a file on each znet, /etc/zcloud/secrets/alerts-webhook-url: most such URLs are secrets.",
      ),
    }),
    undefined,
    "An HTTP service that takes alerts.",
  ),
});

const UpgradesFile = z.strictObject({
  window: optional(
    text(windowComplaint, {
      description:
        "When, in UTC, of 30 minutes to 12 hours. The first site takes it on Mondays, Wednesdays and Fridays, the second on Tuesdays, Thursdays and Saturdays; a single one every day.",
      examples: ["02:00-04:00"],
      pattern: "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$",
    }),
    defaults.upgrades.window,
  ),
  reboot: optional(
    z.enum(["never", "in-window"]),
    defaults.upgrades.reboot,
    "Whether a VM boots anew by itself where an upgrade asks for it.",
  ),
});

const SiteName = text(siteNameComplaint, { description: "Name of a site.", examples: ["north"] });
const Label = text(labelComplaint, { description: "Lower case letters, digits and -.", examples: ["garden"] });

export const MapFile = z.strictObject({
  domain: text(hostNameComplaint, {
    description: "Public domain; tenants get names under it.",
    examples: ["example.net"],
  }),
  internal_domain: optional(
    text(hostNameComplaint, { description: "Domain of the hosts' own names, answered by znet only." }),
    defaults.internalDomain,
  ),
  operators: z.array(Operator).meta({
    description: "Who logs in and signs the map. At least one.",
    examples: [[{ name: "robin", key: "ssh-ed25519 AAAA..." }]],
  }),
  sites: z.record(SiteName, SiteFile).meta({
    description: "One or two rented servers, by name. The order matters to nobody but the bus: the later one dials.",
    examples: [{ north: { public: { ipv4: "198.51.100.10" }, network: "10.64.1.0/24" } }],
  }),
  witness: optional(
    z.strictObject({
      address: text(ipv4Complaint, { description: "Its public IPv4 address.", examples: ["192.0.2.7"] }),
    }),
    undefined,
    "A tiny machine at a third place: a Ceph monitor and nothing of the users'.",
  ),
  hosts: optional(
    HostSizes,
    undefined,
    "The VMs of every site, by role: the same at both; sites.NAME.hosts may size them differently.",
  ),
  storage: optional(Storage, { kind: defaults.storage.kind }, "What stands behind volumes."),
  acme: optional(AcmeFile, undefined, "Where certificates come from."),
  dns: optional(DnsFile, undefined, "Where the sites' resolvers ask about the rest of the world."),
  ntp: optional(NtpFile, undefined, "Whom znet asks for the time; each VM too, while znet does not answer."),
  front: optional(FrontFile, undefined, "How the fronts treat every client, and what they write down."),
  upgrades: optional(UpgradesFile, undefined, "Debian's security upgrades of all VMs; never at both sites at once."),
  log: optional(LogFile, undefined, "The logs of all hosts, on znet."),
  metrics: optional(MetricsFile, undefined, "The numbers of each site's hosts, on its znet."),
  alerts: optional(
    AlertsFile,
    undefined,
    "Who is told when something is wrong. Without it, alerts stand in Prometheus only.",
  ),
  tcp: optional(z.record(Label, TcpFile), undefined, "Ports of the world that are not HTTP, by name."),
  replication: optional(z.record(Label, ReplicationFile), undefined, "Ports between the sites' zmahs, by name."),
  tenants: optional(z.record(Label, TenantFile), undefined, "Whose stacks run here, and how much they may use."),
});
export type MapFile = z.infer<typeof MapFile>;
