import type { HostEntry, Role, Tenant, ZMap } from "@zcloud/map";

export const demo: Tenant = {
  name: "demo",
  names: ["*.demo.lab.example", "hello.lab.example", "notes.lab.example"],
  ports: [2525, 5432, 7008],
  volumes: 10 * 2 ** 30,
  memory: 2 ** 30,
  cpus: 1,
  stacks: 5,
  requests: undefined,
  tokens: [],
};
export const garden: Tenant = {
  name: "garden",
  names: ["*.garden.example"],
  ports: [],
  volumes: 2 ** 30,
  memory: 2 ** 29,
  cpus: 0.5,
  stacks: 2,
  requests: undefined,
  tokens: [],
};

export function hostEntry(site: string, role: Role, name: string, address: string): HostEntry {
  return {
    id: `${site}/${name}`,
    site,
    role,
    name,
    fqdn: `${name}.${site}.zcloud.internal`,
    address,
    cpus: 1,
    memory: 2 ** 30,
    disk: 2 ** 33,
  };
}

/** Two sites with `pods` zpods and one zmah each, tenants demo and garden. */
export function testMap(pods = 1): ZMap {
  const site = (name: string, peer: string, third: number) => ({
    name,
    peer,
    public: { ipv4: `198.51.100.${third}`, ipv6: undefined },
    network: `10.64.${third}.0/24`,
    disks: { vm: undefined, ceph: [] },
    hosts: [
      ...Array.from({ length: pods }, (_, index) =>
        hostEntry(name, "zpod", `zpod${index + 1}`, `10.64.${third}.${17 + index}`),
      ),
      hostEntry(name, "zmah", "zmah1", `10.64.${third}.33`),
    ],
  });
  const map = {
    domain: "lab.example",
    internalDomain: "zcloud.internal",
    operators: [],
    sites: [site("north", "south", 1), site("south", "north", 2)],
    witness: undefined,
    storage: { kind: "local", profile: "lab", copies: 2, packages: "debian", fileDisk: 0 },
    acme: { directory: "https://acme.lab.example:14000/dir", contact: undefined },
    log: { keep: 86_400, atMost: 2 ** 30, name: undefined },
    tcp: [],
    tenants: [demo, garden],
  };
  return map as unknown as ZMap;
}
