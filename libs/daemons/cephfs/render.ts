import { unitName } from "@zcloud/daemons/stack";
import type { VolumeGrant } from "@zcloud/events";
import { hostsOf, type ZMap } from "@zcloud/map";
import { cephfsPlaces, keyringPath, mountPath, secretPath, socketPath } from "./places.ts";

/** The monitors' port in the autonomy table. */
const monitorPort = 3300;

/** Of the sites' monitors: clients never reach the witness. */
const monitorsOf = (map: ZMap): readonly string[] =>
  hostsOf(map, "zstore").map(({ address }) => `${address}:${monitorPort}`);

/**
 * ceph.conf(5) for ceph-fuse. A monitor that is gone is given up after six seconds, so that the other site's is asked. All is encrypted on
 * the wire. The cache of each client is small: there is one for each volume.
 */
export function renderClientConf(map: ZMap): string {
  const lines = [
    "# Written by zCloud from the map; changes are overwritten.",
    "[global]",
    `mon_host = ${monitorsOf(map)
      .map((address) => `[v2:${address}]`)
      .join(",")}`,
    ...["client", "mon_client", "service"].map((what) => `ms_${what}_mode = secure`),
    "mon_client_ping_interval = 2",
    "mon_client_ping_timeout = 6",
    "mon_client_hunt_interval = 1",
    "log_to_file = false",
    "log_to_stderr = true",
    "err_to_stderr = true",
    "client_oc_size = 33554432",
    "client_cache_size = 4096",
    "client_fs = zcloud",
  ];
  return `${lines.join("\n")}\n`;
}

/** A keyring file (ceph-authtool(8)). */
export function renderClientKeyring({ client, key }: Pick<VolumeGrant, "client" | "key">): string {
  return `[client.${client}]\n\tkey = ${key}\n`;
}

/** Which program mounts: the kernel's own client, or ceph-fuse where the kernel has none. */
export type Mounter = "kernel" | "fuse";

export interface MountOptions {
  readonly tenant: string;
  readonly stack: string;
  readonly volume: string;
  /** Of Ceph's clients. */
  readonly client: string;
  /** In the file system. */
  readonly path: string;
  readonly mounter: Mounter;
  readonly map: ZMap;
}

/**
 * The unit of one mount. It is tried again for as long as Ceph is away, and its stack starts when it is there: at boot nothing else waits
 * for that. A client that died is started again, and the stack that uses it with it.
 */
export function renderMountUnit(options: MountOptions): string {
  const { tenant, stack, volume } = options;
  const at = mountPath(tenant, stack, volume);
  return `# Written by zCloud; changes are overwritten.
[Unit]
Description=Volume ${tenant}/${stack}/${volume}
After=network-online.target nftables.service
Wants=network-online.target ${unitName(tenant, stack)}
StartLimitIntervalSec=0

[Service]
${options.mounter === "fuse" ? fuseLines(options, at) : kernelLines(options, at)}ExecStopPost=-/usr/bin/umount --lazy ${at}
Restart=${options.mounter === "fuse" ? "always" : "on-failure"}
RestartSec=2
TimeoutStartSec=30
TimeoutStopSec=20
OOMScoreAdjust=-500
`;
}

/** A mount point that is left over, of a client that was killed, is in the way of the next. */
const clean = (at: string): string => `ExecStartPre=-/usr/bin/umount --lazy --quiet ${at}\n`;

function fuseLines({ tenant, stack, volume, client, path }: MountOptions, at: string): string {
  const command = [
    `/usr/bin/ceph-fuse -f --id ${client} -c ${cephfsPlaces.config} -k ${keyringPath(client)}`,
    `--admin-socket ${socketPath(tenant, stack, volume)} --client_mountpoint ${path} -o nosuid,nodev ${at}`,
  ].join(" ");
  return `Type=exec
RuntimeDirectory=zcloud-volumes
RuntimeDirectoryPreserve=yes
${clean(at)}ExecStart=${command}
ExecStartPost=/bin/sh -c 'until mountpoint --quiet ${at}; do sleep 0.1; done'
`;
}

function kernelLines({ client, path, map }: MountOptions, at: string): string {
  const options = [
    `name=${client}`,
    `secretfile=${secretPath(client)}`,
    ...["fs=zcloud", "ms_mode=secure", "nosuid", "nodev", "noatime"],
  ];
  const source = `${monitorsOf(map).join(",")}:${path}`;
  return `Type=oneshot
RemainAfterExit=yes
${clean(at)}ExecStart=/usr/bin/mount -t ceph -o ${options.join(",")} ${source} ${at}
ExecStop=/usr/bin/umount ${at}
`;
}
