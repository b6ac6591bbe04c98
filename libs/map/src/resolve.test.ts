import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aMap, twoMapsAlike } from "./any-map.test-support.ts";
import { goodMap, mapOf, operatorKey, spoil } from "./base-map.test-support.ts";
import { contains, parseIpv4, parseNetwork } from "./ip.ts";
import { allHosts, hostsOf } from "./select.ts";

describe("hosts", () => {
  it("get their addresses in a fixed order", () => {
    const hosts = mapOf(goodMap).sites[0]?.hosts.map(({ id, fqdn, address }) => `${id} ${address} ${fqdn}`);
    expect(hosts).toEqual([
      "north/zcloud 10.64.1.1 zcloud.north.zcloud.internal",
      "north/znet 10.64.1.2 znet.north.zcloud.internal",
      "north/zfront 10.64.1.3 zfront.north.zcloud.internal",
      "north/zstore 10.64.1.4 zstore.north.zcloud.internal",
      "north/zpod1 10.64.1.17 zpod1.north.zcloud.internal",
      "north/zpod2 10.64.1.18 zpod2.north.zcloud.internal",
      "north/zmah1 10.64.1.33 zmah1.north.zcloud.internal",
    ]);
  });

  it("have unique ids, names and addresses, inside their own site's network and on none of its ends", () => {
    fc.assert(
      fc.property(aMap, (map) => {
        const hosts = allHosts(map);
        for (const key of ["id", "fqdn", "address"] as const) {
          expect(new Set(hosts.map((host) => host[key])).size).toBe(hosts.length);
        }
        for (const site of map.sites) {
          const network = parseNetwork(site.network);
          for (const { address, site: own } of site.hosts) {
            const bits = parseIpv4(address);
            if (network === undefined || bits === undefined) throw new Error("not an address");
            expect(own).toBe(site.name);
            expect(contains(network, bits)).toBe(true);
            expect([network.first, network.last]).not.toContain(bits);
          }
        }
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it("keep their address when others come or go", () => {
    fc.assert(
      fc.property(twoMapsAlike, ([a, b]) => {
        const north = (map: typeof a) => new Map(map.sites[0]?.hosts.map(({ name, address }) => [name, address]));
        const [first, second] = [north(a), north(b)];
        for (const [name, address] of first) expect(second.get(name) ?? address).toBe(address);
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it("take a size from their site, the map, or the default, in this order", () => {
    const map = mapOf(spoil(["network: 10.64.2.0/24", "network: 10.64.2.0/24\n    hosts: { zpod: { memory: 16G } }"]));
    const sizes = hostsOf(map, "zpod").map(({ id, memory, cpus, disk }) => [
      id,
      memory / 2 ** 30,
      cpus,
      disk / 2 ** 30,
    ]);
    expect(sizes).toEqual([
      ["north/zpod1", 24, 4, 80],
      ["north/zpod2", 24, 4, 80],
      ["south/zpod1", 16, 4, 80],
      ["south/zpod2", 16, 4, 80],
    ]);
  });

  it("of the hypervisor's kind have the machine's size, 0 where unknown", () => {
    const map = mapOf(spoil(["network: 10.64.2.0/24", "network: 10.64.2.0/24\n    machine: { cpus: 8, memory: 96G }"]));
    expect(hostsOf(map, "zcloud").map(({ cpus, memory }) => [cpus, memory / 2 ** 30])).toEqual([
      [0, 0],
      [8, 96],
    ]);
  });
});

it("fills in the rest", () => {
  const text = `domain: example.net
operators: [{ name: robin, key: "${operatorKey} robin@home" }]
sites:
  north: { public: { ipv4: 198.51.100.10, ipv6: "2001:DB8:0::10" }, network: 10.64.1.0/26 }
tenants:
  garden: {}
`;
  const { sites, ...rest } = mapOf(text);
  expect(rest).toEqual({
    domain: "example.net",
    internalDomain: "zcloud.internal",
    operators: [{ name: "robin", key: operatorKey }],
    witness: undefined,
    storage: { kind: "local", profile: "metro", copies: 2, packages: "debian", fileDisk: 4 * 1024 ** 3 },
    acme: { directory: "https://acme-v02.api.letsencrypt.org/directory", contact: undefined },
    dns: { upstreams: ["1.1.1.1", "9.9.9.9"], certificates: {} },
    ntp: {
      servers: ["0.debian.pool.ntp.org", "1.debian.pool.ntp.org", "2.debian.pool.ntp.org"],
      nts: ["time.cloudflare.com"],
    },
    front: { requestsPerClient: 2000, connectionsPerClient: 256, logAddresses: "truncated" },
    upgrades: { window: { start: 120, length: 120 }, reboot: "never" },
    log: { keep: 30 * 86_400, atMost: 10 * 2 ** 30, name: undefined },
    metrics: { keep: 15 * 86_400, atMost: 2 * 2 ** 30 },
    alerts: {},
    tcp: [],
    replication: [],
    tenants: [
      {
        name: "garden",
        names: ["garden.example.net", "*.garden.example.net"],
        volumes: 10 * 2 ** 30,
        memory: 2 ** 30,
        cpus: 1,
        stacks: 10,
        ports: [],
        requests: undefined,
        tokens: [],
      },
    ],
  });
  expect(sites.map(({ name, peer, public: addresses, disks }) => ({ name, peer, addresses, disks }))).toEqual([
    {
      name: "north",
      peer: undefined,
      addresses: { ipv4: "198.51.100.10", ipv6: "2001:db8::10" },
      disks: { vm: undefined, ceph: [] },
    },
  ]);
});

it("says who serves a port", () => {
  const map = mapOf(spoil(["service: postfix", "service: postfix, proxy_protocol: true"]));
  expect(map.tcp).toEqual([
    { name: "smtp", port: 25, tenant: "mail", project: "mail", service: "postfix", proxyProtocol: true },
  ]);
  const greeting = mapOf(spoil(["service: postfix", 'service: postfix, greets: "* OK"']));
  expect(greeting.tcp[0]?.greets).toBe("* OK");
  expect(map.replication).toEqual([
    { name: "ldap", port: 636, tenant: "mail", project: "directory", service: "openldap" },
  ]);
});
