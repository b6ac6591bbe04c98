import { type Board, curve, number } from "./panel.ts";

/** Ceph: whether users wait, how much room there is, and what is on its way back to two copies. */
export const storage: Board = {
  id: "storage",
  title: "storage",
  panels: [
    number("Writes stand still for", "max(zcloud_ceph_write_stalled_seconds)"),
    number("Ceph's health: 0 good, 1 warning, 2 error", "max(ceph_health_status)"),
    number("Monitors in the quorum", "sum(ceph_mon_quorum_status)"),
    number("Disks out of service", "count(ceph_osd_up == 0) or vector(0)"),
    {
      title: "Health codes in force",
      kind: "table",
      unit: "short",
      queries: [{ expr: "zcloud_ceph_health_check == 1", legend: "" }],
      width: 24,
    },
    curve("Time of a small write", "s", "zcloud_ceph_write_seconds"),
    curve("Disks in use", "percentunit", "ceph_cluster_total_used_raw_bytes / ceph_cluster_total_bytes", "all"),
    curve("Written into pools", "bytes", "ceph_pool_stored", "{{name}}"),
    curve("Room of pools", "bytes", "ceph_pool_max_avail", "{{name}}"),
    curve(
      "Placement groups that are not clean",
      "short",
      'zcloud_ceph_placement_groups{state!="active+clean"}',
      "{{state}}",
    ),
    curve("Objects with a copy too few", "short", "ceph_num_objects_degraded + ceph_num_objects_misplaced", "objects"),
    curve("Reads", "Bps", "rate(ceph_pool_rd_bytes[5m])", "{{name}}"),
    curve("Writes", "Bps", "rate(ceph_pool_wr_bytes[5m])", "{{name}}"),
    curve("Managers and MDSs", "short", "zcloud_ceph_mds or ceph_mgr_status", "{{ceph_daemon}} {{state}}"),
    curve(
      "Memory left of zstore",
      "percentunit",
      'node_memory_MemAvailable_bytes{role="zstore"} / node_memory_MemTotal_bytes{role="zstore"}',
    ),
  ],
};
