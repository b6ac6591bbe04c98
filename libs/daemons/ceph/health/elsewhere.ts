import { alike, type HealthTheme } from "./code.ts";

const cephadm = [
  ...["AGENT_DOWN", "APPLY_SPEC_FAIL", "CERT_ERROR", "CHECK_CEPH_RELEASE", "CHECK_KERNEL_LSM", "CHECK_KERNEL_VERSION"],
  ...["CHECK_LINKSPEED", "CHECK_MTU", "CHECK_NETWORK_MISSING", "CHECK_PUBLIC_MEMBERSHIP", "CHECK_SUBSCRIPTION"],
  ...[
    "DAEMON_PLACE_FAIL",
    "FAILED_DAEMON",
    "FAILED_SET_OPTION",
    "HOST_CHECK_FAILED",
    "INVALID_CONFIG_OPTION",
    "PAUSED",
  ],
  ...["REFRESH_FAILED", "RGW", "STRAY_DAEMON", "STRAY_HOST"],
].map((name) => `CEPHADM_${name}`);
const upgrade = [
  ...["BAD_TARGET_VERSION", "EXCEPTION", "FAILED_PULL", "NO_STANDBY_MGR", "OFFLINE_HOST", "REDEPLOY_DAEMON"],
].map((name) => `UPGRADE_${name}`);
const hardware = ["FANS", "MEMORY", "NETWORK", "POWER", "PROCESSORS", "STORAGE"].map((name) => `HARDWARE_${name}`);

/** Told if they come all the same: then somebody changed what is ours. */
export const elsewhere: HealthTheme = {
  title: "What does not occur here",
  about:
    "Ceph has these for set-ups that this one is not, or for clusters that older releases made. If one comes all the same, somebody changed something by hand.",
  codes: {
    ...alike(
      [
        ...["DEGRADED_STRETCH_MODE", "RECOVERING_STRETCH_MODE", "INCORRECT_NUM_BUCKETS_STRETCH_MODE"],
        ...["UNEVEN_WEIGHTS_STRETCH_MODE", "MON_LOCATION_NOT_SET"],
      ],
      {
        urgency: "soon",
        means: "of stretch mode, which we do not use with two copies",
        remedy: "who switched it on? It can't be switched off: on a zstore, `ceph health detail`",
      },
    ),
    ...alike(["CACHE_POOL_NEAR_FULL", "CACHE_POOL_NO_HIT_SET"], {
      urgency: "know",
      means: "of pools that are another pool's cache, which we do not have",
      remedy: "who made one? On a zstore: `ceph osd pool ls detail`",
      words: "detail",
    }),
    ...alike(["BLUEFS_SPILLOVER", "DB_DEVICE_STALLED_READ_ALERT", "WAL_DEVICE_STALLED_READ_ALERT"], {
      urgency: "know",
      means: "of disks with a second, faster one for their lists, which we do not make",
      remedy: "who made one? On a zstore: `ceph osd metadata N`",
      words: "detail",
    }),
    ...alike(
      [
        ...["OSD_FILESTORE", "OSD_NO_SORTBITWISE", "OLD_CRUSH_TUNABLES", "OLD_CRUSH_STRAW_CALC_VERSION"],
        ...["BLUESTORE_LEGACY_STATFS", "BLUESTORE_NO_PER_PG_OMAP", "BLUESTORE_NO_PER_POOL_OMAP"],
        ...["REQUEST_SLOW", "REQUEST_STUCK", "MULTIMDS_WITH_OLDSNAPS", "FS_INLINE_DATA_DEPRECATED"],
      ],
      {
        urgency: "know",
        means: "of clusters that were made by much older releases",
        remedy: "where does this cluster come from? On a zstore: `ceph health detail`",
        words: "detail",
      },
    ),
    ...alike([...cephadm, ...upgrade, ...hardware, "HOST_IN_MAINTENANCE"], {
      urgency: "know",
      means: "of cephadm, which does not run anything here",
      remedy: "on a zstore: `ceph mgr module disable cephadm`",
    }),
    ...alike(
      [
        ...["MGR_INFLUX_DB_LIST_FAILED", "MGR_INFLUX_NO_SERVER", "MGR_INFLUX_QUEUE_FULL", "MGR_INFLUX_SEND_FAILED"],
        ...["MGR_ZABBIX_NO_SERVER", "MGR_ZABBIX_SEND_FAILED", "MGR_INSIGHTS_WARNING", "ALERTS_SMTP_ERROR"],
        "DASHBOARD_DEBUG",
      ],
      {
        urgency: "know",
        means: "of a part of the manager that we do not load",
        remedy: "on a zstore: `ceph mgr module ls` says what is on, `ceph mgr module disable NAME` switches it off",
      },
    ),
    MDS_DUMMY: { urgency: "know", means: "of Ceph's own tests", remedy: "nothing" },
    ...alike(
      [
        ...["BLUEFS_AVAILABLE_SPACE", "BLUEFS_LOW_SPACE", "BLUESTORE_FRAGMENTATION"],
        ...["NVMEOF_GATEWAY_DOWN", "NVMEOF_SINGLE_GATEWAY"],
      ],
      {
        urgency: "know",
        means: "Ceph's documentation names it; no program of 18.2 says it",
        remedy: "on a zstore: `ceph health detail`, `ceph versions`",
      },
    ),
  },
};
