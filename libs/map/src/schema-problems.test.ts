import { describe, expect, it } from "vitest";
import { problemsOf, spoilAt } from "./base-map.test-support.ts";

/** One slip in the good map, with its place marked, and the one problem that it must give. */
const slips: readonly (readonly [what: string, from: string, to: string, problem: string])[] = [
  ["unknown", "witness:", "§wittness:", "wittness  wittness is not known here; did you mean witness?"],
  [
    "one level too high",
    "network: 10.64.2.0/24",
    "network: 10.64.2.0/24\n    §ipv6: ::1",
    "sites.south.ipv6  ipv6 is not known here; it belongs under public",
  ],
  [
    "misspelt and required",
    "    network: 10.64.2.0/24",
    "    §netwrk: 10.64.2.0/24",
    "sites.south.netwrk  netwrk is not known here; did you mean network?",
  ],
  [
    "unknown and far",
    "  zpod:",
    "  §pods:",
    "hosts.pods  pods is not known here; known are znet, zfront, zstore, zpod, zmah",
  ],
  [
    "camel case",
    "service: postfix",
    "service: postfix, §proxyProtocol: true",
    "tcp.smtp.proxyProtocol  proxyProtocol is not known here; did you mean proxy_protocol?",
  ],
  [
    "a greeting without quotes",
    "service: postfix",
    "service: postfix, greets: §220",
    'tcp.smtp.greets  220 is not text; write e.g. "220"',
  ],
  [
    "a greeting of more than a line",
    "service: postfix",
    'service: postfix, greets: §"220\\r\\n"',
    'tcp.smtp.greets  must be the first 1 to 32 letters, digits or signs of what the service says first, e.g. "220"',
  ],
  [
    "hypervisor as a VM",
    "  zpod:",
    "  §zcloud: { memory: 64G }\n  zpod:",
    "hosts.zcloud  zcloud is the rented server itself; give its size under sites.NAME.machine",
  ],
  [
    "count of a single",
    "  zpod:",
    "  znet: { §count: 2 }\n  zpod:",
    "hosts.znet.count  there is exactly one at each site; only zpod and zmah have a count",
  ],
  [
    "count at a site",
    "network: 10.64.2.0/24",
    "network: 10.64.2.0/24\n    hosts: { zpod: { §count: 1 } }",
    "sites.south.hosts.zpod.count  the count is the same at both sites; set it under the top level's hosts",
  ],
  ["empty", "network: 10.64.2.0/24", "§network:", "sites.south.network  is empty; write e.g. 10.64.1.0/24"],
  [
    "empty tenant",
    "mail: { names: [mail.example.net], memory: 4G }",
    "§mail:",
    "tenants.mail  is empty; write {} for the defaults",
  ],
  ["no unit", "memory: 4G", "memory: §4", "tenants.mail.memory  4 has no unit; write e.g. 2G"],
  ["wrong unit", "memory: 4G", "memory: §4GB", "tenants.mail.memory  4GB is not a size; write 4G"],
  [
    "one in place of a list",
    "names: [mail.example.net]",
    "names: §mail.example.net",
    "tenants.mail.names  mail.example.net is not a list; write [mail.example.net]",
  ],
  [
    "list of a number",
    "names: [mail.example.net]",
    "names: [§1]",
    'tenants.mail.names[0]  1 is not text; write e.g. "*.garden.example.net"',
  ],
  [
    "short form",
    "{ address: 192.0.2.7 }",
    "§192.0.2.7",
    "witness  192.0.2.7 is not a mapping; write { address: 192.0.2.7 }",
  ],
  [
    "old boolean",
    "service: postfix",
    "service: postfix, proxy_protocol: §yes",
    "tcp.smtp.proxy_protocol  yes is not true or false; write true",
  ],
  ["quoted number", "port: 25", 'port: §"25"', "tcp.smtp.port  25 is not a number; write 25 without quotes"],
  ["fraction", "count: 2", "count: §1.5", "hosts.zpod.count  1.5 is not a whole number"],
  ["too much", "count: 2", "count: §16", "hosts.zpod.count  16 is too much; at most 15"],
  ["too little", "port: 25", "port: §0", "tcp.smtp.port  0 is too little; at least 1"],
  ["not a number at all", "port: 25", "port: §.nan", "tcp.smtp.port  NaN is not a number"],
  ["other word", "kind: ceph", "kind: §cehp", "storage.kind  cehp is not ceph or local; did you mean ceph?"],
  ["site's name", "  south:", "  §South:", "sites.South  South is not a name for a site"],
  [
    "reserved name",
    "  south:",
    "  §both:",
    "sites.both  both means something else to zctl; choose another name, e.g. north",
  ],
  [
    "tenant's name",
    "  garden:",
    "  §Garden Club:",
    'tenants."Garden Club"  Garden Club is not a name; use 1 to 40 of a-z, 0-9 and -, not at the ends: write garden-club',
  ],
  [
    "operator's name",
    "name: robin",
    "name: §Robin Smith",
    "operators[0].name  Robin Smith is not a name for an operator",
  ],
  [
    "address",
    "ipv4: 198.51.100.10",
    "ipv4: §198.51.100.300",
    "sites.north.public.ipv4  198.51.100.300 is not an IPv4 address",
  ],
  [
    "IPv4 as IPv6",
    "ipv4: 198.51.100.10",
    "ipv4: 198.51.100.10, ipv6: §198.51.100.10",
    "sites.north.public.ipv6  198.51.100.10 is an IPv4 address; write it under ipv4",
  ],
  [
    "no IPv6",
    "ipv4: 198.51.100.10",
    "ipv4: 198.51.100.10, ipv6: §2001:db8",
    "sites.north.public.ipv6  2001:db8 is not an IPv6 address",
  ],
  [
    "no prefix",
    "10.64.2.0/24",
    "§10.64.2.0",
    "sites.south.network  10.64.2.0 is not an IPv4 network; write its length too, e.g. 10.64.2.0/24",
  ],
  [
    "host bits",
    "10.64.2.0/24",
    "§10.64.2.7/24",
    "sites.south.network  10.64.2.7/24 is an address within a network; write 10.64.2.0/24",
  ],
  ["device", "vm: /dev/sda", "vm: §sda", "sites.south.disks.vm  sda is not a device; write its path"],
  [
    "stack",
    "stack: mail/mail",
    "stack: §mail",
    "tcp.smtp.stack  mail is not a stack; write tenant/project, e.g. mail/mail",
  ],
  [
    "directory",
    "storage:",
    "acme: { directory: §letsencript }\nstorage:",
    "acme.directory  letsencript is no ACME directory",
  ],
  [
    "plain http",
    "storage:",
    "acme: { directory: §http://ca.example/dir }\nstorage:",
    "acme.directory  http://ca.example/dir is no ACME directory",
  ],
  [
    "contact",
    "storage:",
    "acme: { contact: §mailto:a@b.example }\nstorage:",
    "acme.contact  write the address without mailto:",
  ],
  ["no resolver", "storage:", "dns: { upstreams: §[] }\nstorage:", "dns.upstreams  has 0 entries; at least 1"],
  [
    "resolver's certificate",
    "storage:",
    "dns: { upstreams: [§9.9.9.9#quad9] }\nstorage:",
    "dns.upstreams[0]  quad9 has one label only",
  ],
  [
    "time server",
    "storage:",
    "ntp: { servers: [192.0.2.53, §https://time.example/] }\nstorage:",
    "ntp.servers[1]  https://time.example/ is a URL; write the host name only",
  ],
  [
    "a certificate is for a name",
    "storage:",
    "ntp: { nts: [§192.0.2.53] }\nstorage:",
    "ntp.nts[0]  192.0.2.53 is an address; write a host name",
  ],
  ["top level of another kind", "operators:\n  - ", "operators:\n    §robin: ", "operators  a mapping is not a list"],
];

describe("a slip gives one problem, at its place, with the remedy", () => {
  it.each(slips)("%s", (_, from, to, problem) => {
    const { text, at } = spoilAt([from, to]);
    const found = problemsOf(text);
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(`${at}  ${problem}`) ? "" : found[0]).toBe("");
  });
});

describe("what is missing is shown at the key that should have it", () => {
  it("in a mapping", () => {
    const { text, at } = spoilAt(["    network: 10.64.2.0/24\n", ""], ["south:", "§south:"]);
    expect(problemsOf(text)).toEqual([`${at}  sites.south.network  is missing; write e.g. 10.64.1.0/24`]);
  });

  it("in a list", () => {
    const { text, at } = spoilAt(["{ name: robin, ", "§{ "]);
    expect(problemsOf(text)).toEqual([`${at}  operators[0].name  is missing; write e.g. robin`]);
  });

  it("at the top", () => {
    const { text } = spoilAt(["domain: example.net\n", ""]);
    expect(problemsOf(text)).toEqual(["1:1  domain  is missing; write e.g. example.net"]);
  });
});

it("long values are cut short", () => {
  const [problem = ""] = problemsOf(spoilAt(["kind: ceph", `kind: ${"x".repeat(500)}`]).text);
  expect(problem.length).toBeLessThan(150);
});
