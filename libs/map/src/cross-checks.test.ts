import { describe, expect, it } from "vitest";
import { goodMap, operatorKey, problemsOf, spoil, spoilAt, warningsOf } from "./base-map.test-support.ts";
import { advice, checks } from "./cross-checks.ts";
import { draftOf } from "./draft.ts";

type Edit = readonly [from: string, to: string];
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/";
const second = `"${operatorKey}" }`;

const hash = `sha256:${"9f".repeat(32)}`;

/** Edits of the good map with the place marked, and the one problem that they must give. */
const slips: readonly (readonly [what: string, edits: readonly Edit[], problem: string])[] = [
  [
    "overlap",
    [["10.64.2.0/24", "§10.64.1.128/25"]],
    "sites.south.network  10.64.1.128/25 overlaps sites.north.network 10.64.1.0/24; give south its own, e.g. 10.64.2.0/24",
  ],
  [
    "too small",
    [["10.64.2.0/24", "§10.64.2.0/27"]],
    "sites.south.network  10.64.2.0/27 is too small for the site's hosts; a /26 or larger is needed, give south e.g.",
  ],
  ["too large", [["10.64.2.0/24", "§10.0.0.0/10"]], "sites.south.network  10.0.0.0/10 is needlessly large"],
  ["not private", [["10.64.2.0/24", "§172.32.0.0/24"]], "sites.south.network  172.32.0.0/24 is not private"],
  [
    "podman's",
    [["10.64.2.0/24", "§10.89.0.0/24"]],
    "sites.south.network  10.89.0.0/24 overlaps 10.88.0.0/15, which podman gives to containers",
  ],
  [
    "a third site",
    [
      [
        "witness:",
        "  §west:\n    public: { ipv4: 192.0.2.9 }\n    network: 10.64.3.0/24\n    disks: { ceph: [/dev/sdc] }\nwitness:",
      ],
    ],
    "sites.west  west is one too many",
  ],
  [
    "same public address",
    [["203.0.113.10", "§198.51.100.10"]],
    "sites.south.public.ipv4  198.51.100.10 is already sites.north.public.ipv4; every place has its own (line 6)",
  ],
  [
    "same IPv6 in other words",
    [
      ["198.51.100.10 }", '198.51.100.10, ipv6: "2001:db8::1" }'],
      ["203.0.113.10 }", '203.0.113.10, ipv6: §"2001:DB8:0::1" }'],
    ],
    "sites.south.public.ipv6  2001:db8::1 is already sites.north.public.ipv6",
  ],
  [
    "public inside a site",
    [["203.0.113.10", "§10.64.1.200"]],
    "sites.south.public.ipv4  10.64.1.200 is inside sites.north.network 10.64.1.0/24",
  ],
  [
    "loopback",
    [["203.0.113.10", "§127.0.0.1"]],
    "sites.south.public.ipv4  127.0.0.1 is a loopback address, which no host can have",
  ],
  [
    "link-local IPv6",
    [
      ["203.0.113.10 }", '203.0.113.10, ipv6: §"fe80::1" }'],
      ["198.51.100.10 }", '198.51.100.10, ipv6: "2001:db8::1" }'],
    ],
    "sites.south.public.ipv6  fe80::1 is a link-local address",
  ],
  ["witness inside a site", [["192.0.2.7", "§10.64.2.9"]], "witness.address  10.64.2.9 is inside sites.south.network"],
  [
    "witness at a site",
    [["192.0.2.7", "§203.0.113.10"]],
    "witness.address  203.0.113.10 is already sites.south.public.ipv4",
  ],
  [
    "resolver inside a site",
    [["storage:", "dns: { upstreams: [9.9.9.9, §10.64.1.2] }\nstorage:"]],
    "dns.upstreams[1]  10.64.1.2 is inside sites.north.network",
  ],
  [
    "resolver inside a site, over TLS",
    [["storage:", "dns: { upstreams: [§10.64.1.2#znet.example] }\nstorage:"]],
    "dns.upstreams[0]  10.64.1.2 is inside sites.north.network",
  ],
  [
    "one resolver in clear",
    [["storage:", "dns: { upstreams: [9.9.9.9#dns.quad9.net, §1.1.1.1] }\nstorage:"]],
    "dns.upstreams[1]  9.9.9.9#dns.quad9.net is asked over TLS and 1.1.1.1 is not",
  ],
  [
    "resolver on loopback",
    [["storage:", "dns: { upstreams: [§127.0.0.53] }\nstorage:"]],
    "dns.upstreams[0]  127.0.0.53 is a loopback address",
  ],
  [
    "no operator",
    [[`operators:\n  - { name: robin, key: ${second}`, "operators: §[]"]],
    "operators  there is no operator",
  ],
  [
    "operator twice",
    [[second, `${second}\n  - { name: §robin, key: "${otherKey}" }`]],
    "operators[1].name  robin is already operators[0].name; every operator has their own (line 3)",
  ],
  [
    "key twice",
    [[second, `${second}\n  - { name: alex, key: §"${operatorKey} alex@home" }`]],
    "operators[1].key  this key is already operators[0].key",
  ],
  [
    "name twice",
    [["mail.example.net]", "mail.example.net, §gardenclub.example]"]],
    "tenants.mail.names[1]  gardenclub.example is already tenants.garden.names[1] (line 22)",
  ],
  [
    "name twice in a tenant",
    [["mail.example.net]", "mail.example.net, §mail.example.net]"]],
    "tenants.mail.names[1]  mail.example.net is already tenants.mail.names[0]; remove one (line 23)",
  ],
  [
    "wildcard twice",
    [["mail.example.net]", '§"*.garden.example.net"]']],
    "tenants.mail.names[0]  *.garden.example.net is already tenants.garden.names[0]",
  ],
  [
    "under another's wildcard",
    [["mail.example.net]", "§mail.garden.example.net]"]],
    "tenants.mail.names[0]  mail.garden.example.net and *.garden.example.net, tenants.garden.names[0], take the same names",
  ],
  [
    "a wildcard over another's",
    [["mail.example.net]", '§"*.example"]']],
    "tenants.mail.names[0]  *.example would take every name in example",
  ],
  [
    "a default over another's",
    [
      ["  mail: {", "  wiki: §{}\n  mail: {"],
      ["gardenclub.example", "wiki.example.net"],
    ],
    "tenants.wiki  wiki.example.net is already tenants.garden.names[1]",
  ],
  [
    "internal public name",
    [["mail.example.net]", "§mail.zcloud.internal]"]],
    "tenants.mail.names[0]  mail.zcloud.internal is inside the internal domain zcloud.internal",
  ],
  [
    "a host's short name as a public one",
    [["mail.example.net]", "§zpod1.north]"]],
    "tenants.mail.names[0]  zpod1.north is a name of hosts of north inside; choose a public name",
  ],
  [
    "one domain for both",
    [
      ["domain: example.net", "domain: example.net\ninternal_domain: §example.net"],
      ["garden.example.net", "garden.example"],
      ["mail.example.net", "mail.example"],
    ],
    "internal_domain  the domain example.net is inside the internal domain example.net",
  ],
  [
    "a tenant's name for the logs",
    [["storage:", "log: { name: §x.garden.example.net }\nstorage:"]],
    "log.name  x.garden.example.net is garden's, by *.garden.example.net; choose a name that no tenant has (line 23)",
  ],
  [
    "an internal name for the logs",
    [["storage:", "log: { name: §logs.zcloud.internal }\nstorage:"]],
    "log.name  logs.zcloud.internal is inside the internal domain zcloud.internal",
  ],
  [
    "the installation's own name for a tenant",
    [
      ["storage:", "log: { name: logs.example.net }\nstorage:"],
      ["  mail: {", "  zcloud: §{}\n  mail: {"],
    ],
    "tenants.zcloud  with log.name, zcloud means the installation itself",
  ],
  [
    "a token of two tenants",
    [
      ["gardenclub.example] }", `gardenclub.example], tokens: ["${hash}"] }`],
      ["memory: 4G", `memory: 4G, tokens: [§"${hash}"]`],
      ["storage:", "log: { name: logs.example.net }\nstorage:"],
    ],
    "tenants.mail.tokens[0]  this token is already tenants.garden.tokens[0]",
  ],
  [
    "a token itself",
    [["memory: 4G", 'memory: 4G, tokens: [§"zcl_abc"]']],
    "tenants.mail.tokens[0]  is not a token's hash; write what zctl token says",
  ],
  ["HTTPS's port", [["port: 25", "port: §443"]], "tcp.smtp.port  port 443 is taken by HTTPS; choose another"],
  ["HTTP's port", [["port: 25", "port: §80"]], "tcp.smtp.port  port 80 is taken by HTTP;"],
  ["SSH's port", [["port: 25", "port: §22"]], "tcp.smtp.port  port 22 is taken by SSH"],
  [
    "the peer listener's port",
    [["port: 25", "port: §9546"]],
    "tcp.smtp.port  port 9546 is taken by zFront's peer listener",
  ],
  [
    "port twice",
    [["replication:", "  mx: { port: §25, stack: mail/mx, service: postfix }\nreplication:"]],
    "tcp.mx.port  port 25 is already tcp.smtp.port; choose another (line 18)",
  ],
  [
    "a tenant's port that is the map's",
    [["memory: 4G", "ports: [§25], memory: 4G"]],
    "tenants.mail.ports[0]  port 25 is already tcp.smtp.port; remove one of the two (line 18)",
  ],
  [
    "a port of two tenants",
    [
      ["gardenclub.example] }", "gardenclub.example], ports: [6667] }"],
      ["memory: 4G", "ports: [587, §6667]"],
    ],
    "tenants.mail.ports[1]  port 6667 is already tenants.garden.ports[0]; remove one of the two",
  ],
  [
    "a tenant's port that is the front's",
    [["memory: 4G", "ports: [§443]"]],
    "tenants.mail.ports[0]  port 443 is taken by HTTPS",
  ],
  [
    "replication among published ports",
    [["port: 636", "port: §40000"]],
    "replication.ldap.port  port 40000 is among those that containers are published at (32768 to 60999)",
  ],
  ["unknown tenant", [["mail/mail", "§mial/mail"]], "tcp.smtp.stack  there is no tenant mial; did you mean mail?"],
  [
    "unknown tenant, far",
    [["mail/directory", "§ldap/directory"]],
    "replication.ldap.stack  there is no tenant ldap; add it to tenants, or name one of garden, mail",
  ],
  [
    "VM too small",
    [
      ["memory: 24G", "memory: §128M"],
      ["memory: 4G", "memory: 100M"],
      ["gardenclub.example]", "gardenclub.example], memory: 100M"],
    ],
    "hosts.zpod.memory  128M is too little memory for zpod; at least 256M",
  ],
  [
    "VM too small at a site",
    [
      ["network: 10.64.2.0/24", "network: 10.64.2.0/24\n    hosts: { znet: { disk: §1G } }"],
      ["tcp:", "log: { at_most: 500M }\nmetrics: { at_most: 100M }\ntcp:"],
    ],
    "sites.south.hosts.znet.disk  1G is too little disk for znet; at least 4G",
  ],
  [
    "machine too small",
    [["network: 10.64.2.0/24", "network: 10.64.2.0/24\n    machine: { memory: §48G }"]],
    "sites.south.machine.memory  south's hosts need 63G and the server itself 1G, and it has 48G",
  ],
  [
    "machine too narrow",
    [["network: 10.64.2.0/24", "network: 10.64.2.0/24\n    machine: { cpus: §2 }"]],
    "sites.south.machine.cpus  zstore has 4 cpus and south's server only 2",
  ],
  [
    "envelope of memory",
    [["memory: 4G", "memory: §49G"]],
    "tenants.mail.memory  mail may use 49G but north's zpods have 48G of memory",
  ],
  [
    "envelope at the smaller site",
    [
      ["memory: 4G", "memory: §40G"],
      ["network: 10.64.2.0/24", "network: 10.64.2.0/24\n    hosts: { zpod: { memory: 16G } }"],
    ],
    "tenants.mail.memory  mail may use 40G but south's zpods have 32G of memory",
  ],
  [
    "envelope of processors",
    [["memory: 4G", "memory: 4G, cpus: §9"]],
    "tenants.mail.cpus  mail may use 9 but north's zpods have 8 of processors",
  ],
  [
    "envelope of local volumes",
    [
      ["kind: ceph", "kind: local"],
      ["memory: 4G", "memory: 4G, volumes: §200G"],
    ],
    "tenants.mail.volumes  mail may use 200G but north's zpods have 160G of disk",
  ],
  [
    "logs over the disk",
    [["tcp:", "log: { at_most: §30G }\ntcp:"]],
    "log.at_most  30G of logs and 2G of metrics leave no room on north's znet, which has a disk of 20G; give hosts.znet.disk 40G",
  ],
  [
    "ceph without a witness",
    [
      ["witness: { address: 192.0.2.7 }\n", ""],
      ["kind: ceph", "kind: §ceph"],
    ],
    "storage.kind  ceph needs a witness at a third place",
  ],
  [
    "ceph without disks",
    [
      [", ceph: [/dev/sdb]", ""],
      ["    disks: { vm: /dev/sda }", "    §disks: { vm: /dev/sda }"],
    ],
    "sites.south.disks.ceph  ceph needs a disk at both sites; south has none",
  ],
  [
    "ceph with an empty list of disks",
    [["[/dev/sdb]", "§[]"]],
    "sites.south.disks.ceph  ceph needs a disk at both sites",
  ],
  [
    "disk for two",
    [["[/dev/sdb]", "[§/dev/sda]"]],
    "sites.south.disks.ceph[0]  /dev/sda is already sites.south.disks.vm; a disk has one use (line 12)",
  ],
  [
    "four copies on three disks",
    [
      ["{ kind: ceph }", "{ kind: ceph, copies: 4 }"],
      ["[/dev/nvme1n1]", "[/dev/nvme1n1, /dev/nvme2n1]"],
      ["[/dev/sdb]", "§[/dev/sdb]"],
    ],
    "sites.south.disks.ceph  four copies need two disks at both sites; south has one, add another or write",
  ],
  [
    "disk twice",
    [["[/dev/sdb]", "[/dev/sdb, §/dev/sdb]"]],
    "sites.south.disks.ceph[1]  /dev/sdb is already sites.south.disks.ceph[0]",
  ],
];

describe("what no single value shows", () => {
  it.each(slips)("%s", (_, edits, problem) => {
    const { text, at } = spoilAt(...edits);
    const found = problemsOf(text);
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(`${at}  ${problem}`) ? "" : found[0]).toBe("");
  });

  it("is nothing in the good map", () => {
    expect(problemsOf(goodMap)).toEqual([]);
    expect(warningsOf(goodMap)).toEqual([]);
  });

  it("is no clash of a name with its own tenant's wildcard", () => {
    expect(problemsOf(spoil(["gardenclub.example", "wiki.garden.example.net"]))).toEqual([]);
  });

  it("is room for the hypervisor too", () => {
    const withMachine = (memory: string) => {
      return spoil(["network: 10.64.2.0/24", `network: 10.64.2.0/24\n    machine: { memory: ${memory} }`]);
    };
    expect(problemsOf(withMachine("63G"))).toHaveLength(1);
    expect(problemsOf(withMachine("64G"))).toEqual([]);
  });

  it("ceph needs two sites", () => {
    const oneSite = goodMap.replace(/ {2}south:\n( {4}.*\n)+/, "").replace(/witness: .*\n/, "");
    expect(problemsOf(oneSite)).toEqual([expect.stringContaining("storage.kind  ceph needs two sites")]);
    expect(problemsOf(oneSite.replace(/ {2}north:\n( {4}.*\n)+/, "").replace("sites:", "sites: {}"))).toContainEqual(
      expect.stringContaining("sites  there is no site; give one or two"),
    );
  });
});

describe("one slip does not become two problems", () => {
  it.each([
    ["a bad tenant is still there", [["mail: {", "mail: { memry: 1G, "]]],
    ["bad tenants are not no tenants", [[/tenants:\n[\s\S]*/.exec(goodMap)?.[0] ?? "", "tenants: [mail]\n"]]],
    [
      "a bad size is not the default",
      [
        ["memory: 24G", "memory: 24GB"],
        ["memory: 4G", "memory: 40G"],
      ],
    ],
    ["a bad witness is still there", [["192.0.2.7", "192.0.2"]]],
    ["a misspelt witness is still there", [["witness:", "witnes:"]]],
    ["bad disks are still there", [["ceph: [/dev/sdb]", "ceph: /dev/sdb"]]],
    [
      "a bad kind of storage is not local",
      [
        ["{ kind: ceph }", "ceph"],
        ["memory: 4G", "memory: 4G, volumes: 500G"],
      ],
    ],
    [
      "bad names are not the default names",
      [
        ["names: [mail.example.net]", "names: mail.example.net"],
        ["gardenclub.example", "mail.example.net"],
      ],
    ],
    [
      "a misspelt role is not the default",
      [
        ["  zpod:", "  zpods:"],
        ["memory: 4G", "memory: 40G"],
      ],
    ],
  ] as readonly (readonly [string, readonly Edit[]])[])("%s", (_, edits) => {
    expect(problemsOf(spoil(...edits))).toHaveLength(1);
  });

  it("problems of one part don't hide those of another", () => {
    const text = spoil(
      ["domain: example.net", "domain: Example"],
      ["port: 25", "port: 443"],
      ["10.64.2.0/24", "10.64.1.0/25"],
    );
    expect(problemsOf(text)).toHaveLength(3);
  });
});

describe("advice", () => {
  it.each([
    [
      "one family",
      [["198.51.100.10 }", '198.51.100.10, ipv6: "2001:db8::1" }']],
      "10:13  sites.south.public  south has no ipv6 and north has",
    ],
    ["private", [["203.0.113.10", "192.168.7.10"]], "sites.south.public.ipv4  192.168.7.10 is private"],
    ["disks unlike", [["[/dev/sdb]", "[/dev/sdb, /dev/sdc]"]], "sites.south.disks.ceph  south has 2 and north 1"],
    [
      "a file for a disk",
      [["[/dev/sdb]", "[/var/lib/ceph/disk0]"]],
      "sites.south.disks.ceph[0]  /var/lib/ceph/disk0 is a file on zstore, which is for a lab",
    ],
    ["staging", [["tcp:", "acme: { directory: letsencrypt-staging }\ntcp:"]], "acme.directory  browsers don't trust"],
    [
      "multicast",
      [["domain: example.net", "domain: example.net\ninternal_domain: home.local"]],
      "internal_domain  names in .local are looked up by multicast",
    ],
    [
      "together",
      [["memory: 4G", "memory: 48G"]],
      "tenants  together they may use 49G of memory, and north's zpods have 48G",
    ],
    [
      "tight logs",
      [["tcp:", "log: { at_most: 18G }\ntcp:"]],
      "log.at_most  18G of logs and 2G of metrics leave no room on north's znet",
    ],
  ] as readonly (readonly [string, readonly Edit[], string])[])("%s", (_, edits, warning) => {
    expect(warningsOf(spoil(...edits))).toEqual([expect.stringContaining(warning)]);
  });

  it("is silent on processors, which tenants share", () => {
    expect(warningsOf(spoil(["memory: 4G", "memory: 4G, cpus: 8"]))).toEqual([]);
  });

  it("for one site", () => {
    const oneSite = goodMap.replace(/ {2}south:\n( {4}.*\n)+/, "").replace("kind: ceph", "kind: local");
    expect(warningsOf(oneSite)).toEqual([
      expect.stringContaining("witness  a witness has nothing to decide"),
      expect.stringContaining("replication  there is nothing to replicate to"),
    ]);
  });
});

it("no check needs anything to be there", () => {
  for (const { find } of [...checks, ...advice]) expect(find(draftOf({}, []))).toEqual([]);
});
