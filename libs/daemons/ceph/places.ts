/** Where Ceph has its things, as Debian's and upstream's packages expect them. */
export const cephPlaces = {
  config: "/etc/ceph/ceph.conf",
  /** Of client.admin, on zstores only. */
  adminKeyring: "/etc/ceph/ceph.client.admin.keyring",
  data: "/var/lib/ceph",
  /** What `zctl pki` puts there: fsid and keys (secrets.ts). */
  secrets: "/etc/zcloud/ceph/cluster.json",
  /** Only while this host may found the cluster: it never existed anywhere. */
  mayFound: "/var/lib/ceph/zcloud-may-found",
  units: "/etc/systemd/system",
} as const;

export type DaemonKind = "mon" | "mgr" | "osd" | "mds";

export function dataDirectory(kind: DaemonKind, id: string): string {
  return `${cephPlaces.data}/${kind}/ceph-${id}`;
}

export function keyringOf(kind: DaemonKind, id: string): string {
  return `${dataDirectory(kind, id)}/keyring`;
}

/** There once all of a monitor's first store is; without it, what is there is rubbish of a crash. */
export function madeMark(monitor: string): string {
  return `${dataDirectory("mon", monitor)}/zcloud-made`;
}

export function unitOf(kind: DaemonKind, id: string): string {
  return `ceph-${kind}@${id}.service`;
}

/** Drop-in for all units of a kind. */
export function dropInOf(kind: DaemonKind): string {
  return `${cephPlaces.units}/ceph-${kind}@.service.d/zcloud.conf`;
}
