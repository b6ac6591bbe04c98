import type { ZMap } from "@zcloud/map";
import { cephPlaces, type DaemonKind } from "./places.ts";
import { profiles } from "./profiles.ts";
import { type CephNode, cephNodes } from "./shape.ts";

/** Of Debian's ceph-mgr-modules-core: what Ceph does not always run, and we don't use. Half of a manager's memory. */
const unusedModules = [
  ...["alerts", "influx", "insights", "iostat", "localpool", "mirroring", "nfs", "osd_perf_query", "osd_support"],
  ...["prometheus", "restful", "selftest", "snap_schedule", "stats", "telegraf", "test_orchestrator", "zabbix"],
];

/** The monitors' port in the autonomy table. */
const monitorPort = 3300;

/** ceph.conf(5) of one host. Everything is encrypted on the wire (messenger 2, secure), and the old messenger is off. */
export function renderCephConf(map: ZMap, node: CephNode, fsid: string): string {
  const { profile, copies } = map.storage;
  const secure = ["cluster", "service", "client", "mon_cluster", "mon_service", "mon_client"];
  const lines = [
    "# Written by zCloud from the map; changes are overwritten.",
    "[global]",
    `fsid = ${fsid}`,
    `mon_host = ${cephNodes(map)
      .map(({ address }) => `[v2:${address}:${monitorPort}]`)
      .join(",")}`,
    `public_addr = ${node.address}`,
    "auth_cluster_required = cephx",
    "auth_service_required = cephx",
    "auth_client_required = cephx",
    "auth_allow_insecure_global_id_reclaim = false",
    "ms_bind_msgr1 = false",
    "ms_bind_ipv6 = false",
    ...secure.map((what) => `ms_${what}_mode = secure`),
    "# The journal has it, with everything else of this host.",
    "log_to_file = false",
    "log_to_stderr = true",
    "err_to_stderr = true",
    "mon_cluster_log_to_file = false",
    "mon_cluster_log_to_stderr = false",
    "# One copy is enough to go on with when the other site is gone.",
    `osd_pool_default_size = ${copies}`,
    `osd_pool_default_min_size = ${copies / 2}`,
    "osd_pool_default_pg_autoscale_mode = off",
    "# Besides those that Ceph always runs: none. Monitors read it when they make their first store.",
    "mgr_initial_modules =",
    "# Volumes are deleted by name, through the trash; a pool by nobody.",
    "mon_allow_pool_delete = false",
    ...(node.site === undefined
      ? []
      : [`crush_location = root=default datacenter=${node.site} host=${hostBucket(node.site)}`]),
    `# Profile ${profile}.`,
    ...Object.entries(profiles[profile].settings).map(([name, value]) => `${name} = ${value}`),
    "",
    "[mgr]",
    "# A manager loads all modules that are there, each into a Python of its own (ten megabytes), whether they are on or not.",
    `mgr_disabled_modules = ${unusedModules.join(" ")}`,
    "",
    "[osd]",
    "# With two places, the one report that can come must do.",
    "mon_osd_min_down_reporters = 1",
    "",
    "[mon]",
    "mon_osd_min_down_reporters = 1",
    "mon_osd_reporter_subtree_level = host",
  ];
  return `${lines.join("\n")}\n`;
}

/** Of a site's zstore in the CRUSH map. */
export function hostBucket(site: string): string {
  return `${site}-zstore`;
}

/** A keyring file (ceph-authtool(8)). */
export function renderKeyring(entity: string, key: string, caps: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(caps).map(([service, cap]) => `\tcaps ${service} = "${cap}"\n`);
  return `[${entity}]\n\tkey = ${key}\n${lines.join("")}`;
}

/** Of monitors and client.admin while a cluster is founded. */
export const allCaps = { mon: "allow *", mgr: "allow *", osd: "allow *", mds: "allow *" } as const;

/** Seconds that a daemon may take to write everything down. */
const patience: Readonly<Record<DaemonKind, number>> = { mon: 60, mgr: 20, osd: 300, mds: 60 };

export interface DropInOptions {
  /** Whom only monitors may reach. */
  readonly witness: string | undefined;
  /** PYTHONPATH of the manager. */
  readonly mgrModules: string;
}

/**
 * What all units of a kind have beyond the package's own. A daemon always comes back, however often it failed: at boot it may have to
 * wait for the other site. Only monitors reach the witness: an MDS that sees it hides a cut between the sites from Ceph.
 */
export function renderDropIn(kind: DaemonKind, { witness, mgrModules }: DropInOptions): string {
  const lines = [
    "# Written by zCloud; changes are overwritten.",
    "[Unit]",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Restart=always",
    "RestartSec=2",
    `TimeoutStopSec=${patience[kind]}`,
    "OOMScoreAdjust=-500",
    "ProtectClock=yes",
    "ProtectProc=invisible",
    "RestrictRealtime=yes",
    "RestrictNamespaces=yes",
    "SystemCallArchitectures=native",
    "UMask=0077",
    ...(kind === "mgr" ? [`Environment=PYTHONPATH=${mgrModules}`] : []),
    ...(kind === "osd"
      ? [`ExecStartPre=+/bin/chown ceph:ceph ${cephPlaces.data}/osd/ceph-%i/block`]
      : ["NoNewPrivileges=yes"]),
    ...(kind === "mon" || witness === undefined ? [] : [`IPAddressDeny=${witness}`]),
  ];
  return `${lines.join("\n")}\n`;
}
