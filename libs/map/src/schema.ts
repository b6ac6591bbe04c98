import * as z from "zod";
import { canonicalIpv6, formatNetwork, parseIpv4, parseNetwork } from "./ip.ts";
import { hostNameComplaint, labelComplaint, publicNameComplaint } from "./names.ts";
import { operatorKeyComplaint } from "./openssh-key.ts";
import { durationComplaint, sizeComplaint } from "./units.ts";

/**
 * The file as the user writes it: nothing is filled in and nothing is converted, so that an editor, the JSON Schema and
 * the error messages speak of what stands in the file. `resolve.ts` makes a `ZMap` of it.
 * Each description says what the key means; defaults stand in `defaults.ts`.
 */

interface About {
  readonly description: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly pattern?: string;
}

/** A piece of text of which `complaint` says what is wrong, or undefined. */
function text(complaint: (value: string) => string | undefined, about: About) {
  const schema = z.string().superRefine((value, context) => {
    const message = complaint(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
  return schema.meta({ ...about });
}

function size(about: About) {
  return text(sizeComplaint, { examples: ["20G"], pattern: "^[0-9]+(\\.[0-9]+)?[KMGT]$", ...about });
}

function ipv4Complaint(value: string): string | undefined {
  return parseIpv4(value) === undefined
    ? `${value} is not an IPv4 address; write four numbers, e.g. 198.51.100.10`
    : undefined;
}

function ipv6Complaint(value: string): string | undefined {
  if (parseIpv4(value) !== undefined) return `${value} is an IPv4 address; write it under ipv4`;
  return canonicalIpv6(value) === undefined
    ? `${value} is not an IPv6 address; write e.g. "2001:db8:1::10"`
    : undefined;
}

function networkComplaint(value: string): string | undefined {
  const network = parseNetwork(value);
  if (network === undefined) {
    const remedy =
      parseIpv4(value) === undefined ? "write e.g. 10.64.1.0/24" : `write its length too, e.g. ${value}/24`;
    return `${value} is not an IPv4 network; ${remedy}`;
  }
  const canonical = formatNetwork(network);
  return canonical === value ? undefined : `${value} is an address within a network; write ${canonical}`;
}

function siteNameComplaint(value: string): string | undefined {
  if (reserved.has(value)) return `${value} means something else to zctl; choose another name, e.g. north`;
  if (/^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$/.test(value)) return undefined;
  return `${value} is not a name for a site; use up to 16 of a-z, 0-9 and -, and begin with a letter, e.g. north`;
}

/** Words that commands and stacks use where a site may stand, and the roles. */
const reserved = new Set(["both", "all", "peer", "local", "witness", "world", "internet"]);

function operatorNameComplaint(value: string): string | undefined {
  if (/^[a-z][a-z0-9._-]{0,31}$/.test(value)) return undefined;
  return `${value} is not a name for an operator; use up to 32 of a-z, 0-9, dot, _ and -, and begin with a letter`;
}

function pathComplaint(value: string): string | undefined {
  if (/^\/[\w.:@+/-]*[\w.:@+-]$/.test(value) && !value.split("/").includes("..")) return undefined;
  return `${value} is not a device; write its path, e.g. /dev/nvme1n1`;
}

function directoryComplaint(value: string): string | undefined {
  if (value === "letsencrypt" || value === "letsencrypt-staging") return undefined;
  if (URL.canParse(value) && new URL(value).protocol === "https:") return undefined;
  return `${value} is no ACME directory; write letsencrypt, letsencrypt-staging or an https URL`;
}

function contactComplaint(value: string): string | undefined {
  if (/^mailto:/.test(value)) return `write the address without mailto:`;
  return /^[^\s@,;:<>"]+@[^\s@]+\.[^\s@]+$/.test(value)
    ? undefined
    : `${value} is not a mail address, e.g. hostmaster@example.net`;
}

function stackComplaint(value: string): string | undefined {
  const [tenant, project, ...more] = value.split("/");
  if (tenant === undefined || project === undefined || more.length > 0)
    return `${value} is not a stack; write tenant/project, e.g. mail/mail`;
  return labelComplaint(tenant) ?? labelComplaint(project);
}

const Port = z.int().min(1).max(65535);
const Cores = z.int().min(1).max(512);

const HostSize = z.strictObject({
  cpus: Cores.optional().meta({ description: "Virtual processors.", examples: [2] }),
  memory: size({ description: "Memory." }).optional(),
  disk: size({ description: "System disk." }).optional(),
});

const CountedSize = HostSize.extend({
  count: z
    .int()
    .min(1)
    .max(15)
    .optional()
    .meta({ description: "How many of them a site has; the same at both sites.", default: 1 }),
});

const HostSizes = z.strictObject({
  znet: HostSize.optional().meta({ description: "Resolver, time, logs, bus." }),
  zfront: HostSize.optional().meta({ description: "Where the world's connections end: HAProxy, certificates." }),
  zstore: HostSize.optional().meta({ description: "Ceph daemons." }),
  zpod: HostSize.optional().meta({ description: "Containers with volumes on zStore." }),
  zmah: HostSize.optional().meta({ description: "Containers that replicate by themselves, on local disks." }),
});

export const SiteFile = z.strictObject({
  public: z
    .strictObject({
      ipv4: text(ipv4Complaint, { description: "The server's public IPv4 address.", examples: ["198.51.100.10"] }),
      ipv6: text(ipv6Complaint, {
        description: "The server's public IPv6 address.",
        examples: ["2001:db8:1::10"],
      }).optional(),
    })
    .meta({ description: "Where the world reaches this site.", examples: ["{ ipv4: 198.51.100.10 }"] }),
  network: text(networkComplaint, {
    description: "Private network of the site's VMs, /16 to /26. Hosts get their addresses from it, in a fixed order.",
    examples: ["10.64.1.0/24"],
  }),
  disks: z
    .strictObject({
      vm: text(pathComplaint, {
        description: "Device that holds the VMs' disks.",
        examples: ["/dev/nvme0n1"],
      }).optional(),
      ceph: z
        .array(text(pathComplaint, { description: "A whole device for Ceph.", examples: ["/dev/nvme1n1"] }))
        .optional()
        .meta({ description: "Devices that Ceph gets whole. What is on them is lost." }),
    })
    .optional()
    .meta({ description: "Disks of the rented server." }),
  machine: z
    .strictObject({
      cpus: Cores.optional().meta({ description: "Threads of the server.", examples: [16] }),
      memory: size({ description: "Memory of the server; its VMs must fit.", examples: ["64G"] }).optional(),
    })
    .optional()
    .meta({ description: "The rented server itself. Given, the map is checked against it." }),
  hosts: HostSizes.optional().meta({
    description: "Sizes that differ at this site from those under the top level's hosts.",
  }),
});

const Operator = z.strictObject({
  name: text(operatorNameComplaint, { description: "Stands in signatures and in the audit.", examples: ["robin"] }),
  key: text(operatorKeyComplaint, {
    description: "OpenSSH public key: Ed25519, ECDSA, RSA of 2048 bits or more, or one on a hardware token.",
    examples: ["ssh-ed25519 AAAA..."],
  }),
});

const stackKey = text(stackComplaint, {
  description: "The stack that serves it, as tenant/project.",
  examples: ["mail/mail"],
});
const serviceKey = text(labelComplaint, {
  description: "The stack's service, as in its compose file.",
  examples: ["postfix"],
});

const TcpFile = z.strictObject({
  port: Port.meta({ description: "Port at the public addresses of both sites.", examples: [25] }),
  stack: stackKey,
  service: serviceKey,
  proxy_protocol: z
    .boolean()
    .optional()
    .meta({ description: "Tell the service the client's address by PROXY protocol v2.", default: false }),
});

const ReplicationFile = z.strictObject({
  port: Port.meta({
    description: "Port that zmah opens to the zmah of the same number at the other site.",
    examples: [5432],
  }),
  stack: stackKey,
  service: serviceKey,
});

const TenantFile = z.strictObject({
  names: z
    .array(
      text(publicNameComplaint, {
        description: "A host name, or *. and one for exactly one more label.",
        examples: ["*.garden.example.net"],
      }),
    )
    .optional()
    .meta({
      description: "Public names its stacks may use. By default its name under the domain, and one label below that.",
    }),
  volumes: size({ description: "Volumes of all its stacks together." }).optional(),
  memory: size({ description: "Memory of all its containers at one site." }).optional(),
  cpus: z
    .number()
    .min(0.1)
    .max(512)
    .optional()
    .meta({ description: "Processors of all its containers at one site.", examples: [1] }),
  stacks: z.int().min(1).max(1000).optional().meta({ description: "How many stacks it may have." }),
});

const Label = text(labelComplaint, { description: "Lower case letters, digits and -.", examples: ["garden"] });

export const MapFile = z.strictObject({
  domain: text(hostNameComplaint, {
    description: "Public domain; tenants get names under it.",
    examples: ["example.net"],
  }),
  internal_domain: text(hostNameComplaint, {
    description: "Domain of the hosts' own names, answered by znet only.",
    examples: ["zcloud.internal"],
  }).optional(),
  operators: z.array(Operator).meta({
    description: "Who logs in and signs the map. At least one.",
    examples: ['[{ name: robin, key: "ssh-ed25519 AAAA..." }]'],
  }),
  sites: z.record(text(siteNameComplaint, { description: "Name of a site.", examples: ["north"] }), SiteFile).meta({
    description: "One or two rented servers, by name. The first is home where nothing else is said.",
    examples: ["{ north: ..., south: ... }"],
  }),
  witness: z
    .strictObject({
      address: text(ipv4Complaint, { description: "Its public IPv4 address.", examples: ["192.0.2.7"] }),
    })
    .optional()
    .meta({ description: "A tiny machine at a third place: a Ceph monitor and nothing of the users'." }),
  hosts: HostSizes.extend({
    zpod: CountedSize.optional().meta({ description: "Containers with volumes on zStore." }),
    zmah: CountedSize.optional().meta({ description: "Containers that replicate by themselves, on local disks." }),
  })
    .optional()
    .meta({ description: "The VMs of every site: the same at both, sizes may differ (sites.NAME.hosts)." }),
  storage: z
    .strictObject({
      kind: z
        .enum(["ceph", "local"])
        .meta({ description: "ceph: over both sites and the witness. local: each zpod's own disk, for a first try." }),
      profile: z
        .enum(["lab", "metro", "wide"])
        .optional()
        .meta({ description: "How patient Ceph is: sites near each other, or far.", default: "metro" }),
    })
    .optional()
    .meta({ description: "What stands behind volumes." }),
  acme: z
    .strictObject({
      directory: text(directoryComplaint, {
        description: "letsencrypt, letsencrypt-staging, or the https URL of a directory.",
        examples: ["letsencrypt"],
      }).optional(),
      contact: text(contactComplaint, {
        description: "Mail address for the CA.",
        examples: ["hostmaster@example.net"],
      }).optional(),
    })
    .optional()
    .meta({ description: "Where certificates come from." }),
  log: z
    .strictObject({
      keep: text(durationComplaint, {
        description: "How long znet keeps logs.",
        examples: ["30d"],
        pattern: "^[0-9]+[smhdw]$",
      }).optional(),
      at_most: size({ description: "How much disk znet gives to logs." }).optional(),
    })
    .optional()
    .meta({ description: "The logs of all hosts, on znet." }),
  tcp: z.record(Label, TcpFile).optional().meta({ description: "Ports of the world that are not HTTP, by name." }),
  replication: z
    .record(Label, ReplicationFile)
    .optional()
    .meta({ description: "Ports between the sites' zmahs, by name." }),
  tenants: z
    .record(Label, TenantFile)
    .optional()
    .meta({ description: "Whose stacks run here, and how much they may use." }),
});
export type MapFile = z.infer<typeof MapFile>;
