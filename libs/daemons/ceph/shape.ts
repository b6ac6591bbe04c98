import { type HostEntry, hostOf, type Site, siteOf, type ZMap } from "@zcloud/map";

/** One host that runs daemons of Ceph: a site's zstore, or the witness. */
export interface CephNode {
  /** Of its monitor, manager and MDS: the site's name, or `witness`. */
  readonly name: string;
  readonly address: string;
  readonly site: string | undefined;
}

export interface CephDisk {
  /** Device, or a file where the map gives a path outside /dev. */
  readonly path: string;
  /** Bytes that a file gets; undefined for a device. */
  readonly size: number | undefined;
}

/** Every monitor's place, in the order of the map's sites, the witness last. */
export function cephNodes(map: ZMap): readonly CephNode[] {
  const sites = map.sites.map(({ name }) => siteNode(map, name));
  const { witness } = map;
  return witness === undefined || sites.length < 2
    ? sites
    : [...sites, { name: "witness", address: witness.address, site: undefined }];
}

function siteNode(map: ZMap, site: string): CephNode {
  return { name: site, address: hostOf(map, `${site}/zstore`).address, site };
}

/** The node that is this host. @throws NotInMapError */
export function nodeOf(map: ZMap, self: HostEntry): CephNode {
  if (self.role === "witness") return { name: self.name, address: self.address, site: undefined };
  return siteNode(map, siteOf(map, self.site).name);
}

/**
 * The disks of a site as its zstore has them. The hypervisor hands whole devices on, in the map's order, with these serials;
 * a path outside /dev is a file on zstore's own disk, for the lab.
 */
export function cephDisks(map: ZMap, site: Site): readonly CephDisk[] {
  return site.disks.ceph.map((path, index) =>
    path.startsWith("/dev/")
      ? { path: `/dev/disk/by-id/virtio-zceph${index}`, size: undefined }
      : { path, size: map.storage.fileDisk },
  );
}
