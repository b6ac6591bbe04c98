import { loadMap, type Storage, type ZMap } from "@zcloud/map";

export const fsid = "11111111-2222-4333-8444-555555555555";

/** Two sites and a witness: the one with two devices, the other with a file. */
export function twoSites(storage: Partial<Storage> = {}): ZMap {
  const loaded = loadMap(
    `domain: lab.example
operators: [{ name: lab, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites:
  north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24, disks: { ceph: [/dev/nvme1n1, /dev/nvme2n1] } }
  south: { public: { ipv4: 203.0.113.10 }, network: 10.64.2.0/24, disks: { ceph: [/var/lib/ceph/disk0] } }
witness: { address: 192.0.2.7 }
storage: { kind: ceph, file_disk: 2G }
`,
    "test.yaml",
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { ...loaded.map, storage: { ...loaded.map.storage, ...storage } };
}
