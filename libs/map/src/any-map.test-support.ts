import fc from "fast-check";
import { stringify } from "yaml";
import { mapOf, operatorKey } from "./base-map.test-support.ts";

const network = (third: number) =>
  fc
    .integer({ min: 16, max: 26 })
    .map((prefix) => (prefix < 24 ? `10.${third}.0.0/${prefix}` : `10.${third}.1.0/${prefix}`));
const size = fc.record(
  { memory: fc.constantFrom("2G", "16G"), cpus: fc.integer({ min: 1, max: 8 }) },
  { requiredKeys: [] },
);
const counted = fc.tuple(size, fc.integer({ min: 1, max: 15 })).map(([own, count]) => ({ ...own, count }));
const port = fc.constantFrom(25, 465, 587, 993, 2222, 5432);

/** Any good map, as it comes from its file: one or two sites, any counts, with and without witness, services, ceph. */
export const aMap = fc.tuple(network(64), network(65)).chain((networks) => aMapOn(networks));

/** Two of these that differ in everything but the sites' networks. */
export const twoMapsAlike = fc
  .tuple(network(64), network(65))
  .chain((networks) => fc.tuple(aMapOn(networks), aMapOn(networks)));

function aMapOn(networks: readonly [string, string]) {
  return fc
    .record({
      two: fc.boolean(),
      witness: fc.boolean(),
      hosts: fc.record({ zpod: counted, zmah: counted, znet: size }, { requiredKeys: [] }),
      tcp: fc.uniqueArray(port, { maxLength: 4 }),
      replication: fc.uniqueArray(port, { maxLength: 3 }),
      ceph: fc.boolean(),
    })
    .map(({ two, witness, hosts, tcp, replication, ceph }) => {
      const served = { stack: "garden/wiki", service: "web" };
      const services = (ports: readonly number[]) =>
        Object.fromEntries(ports.map((number) => [`p${number}`, { port: number, ...served }]));
      const disks = { ceph: ["/dev/sdb"] };
      const north = { public: { ipv4: "198.51.100.10" }, network: networks[0], disks };
      const south = { public: { ipv4: "203.0.113.10" }, network: networks[1], disks };
      return mapOf(
        stringify(
          {
            domain: "example.net",
            operators: [{ name: "robin", key: operatorKey }],
            sites: two ? { north, south } : { north },
            ...(witness ? { witness: { address: "192.0.2.7" } } : {}),
            storage: { kind: ceph && two && witness ? "ceph" : "local" },
            hosts,
            tcp: services(tcp),
            replication: services(replication),
            tenants: { garden: {} },
          },
          { aliasDuplicateObjects: false },
        ),
      );
    });
}
