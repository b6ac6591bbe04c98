import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { CephReport } from "./cluster.ts";
import { clusterMetrics } from "./cluster-metrics.ts";
import { cephMetrics, writeMetrics } from "./metrics.ts";
import type { CephNumbers } from "./numbers.ts";
import type { WriteState } from "./write-probe.ts";

const whole: CephReport = {
  health: "HEALTH_WARN",
  checks: [],
  quorum: [],
  monitors: [],
  osds: { up: 1, all: 2 },
  used: 0,
  total: 1,
};

test("codes in force with their urgency, none that is muted or over, and whether the monitors answer", async () => {
  let report: CephReport | undefined;
  let kept = false;
  const registry = new Registry();
  cephMetrics(
    registry,
    () => kept,
    () => report,
  );
  const samples = async () => (await registry.metrics()).split("\n").filter((line) => /^\w/.test(line));
  expect(await samples()).toEqual([]);
  kept = true;
  expect(await samples()).toEqual(["zcloud_ceph_answers 0"]);
  const check = { severity: "HEALTH_WARN", message: "words", detail: "", muted: false };
  const checks = ["OSD_DOWN", "OSD_FULL", "NEW_ONE"].map((code) => ({ ...check, code }));
  report = { ...whole, checks: [...checks, { ...check, code: "MON_DOWN", muted: true }] };
  expect(await samples()).toEqual([
    "zcloud_ceph_answers 1",
    'zcloud_ceph_health_check{code="OSD_FULL",urgency="now"} 1',
    'zcloud_ceph_health_check{code="OSD_DOWN",urgency="soon"} 1',
    'zcloud_ceph_health_check{code="NEW_ONE",urgency="soon"} 1',
  ]);
  report = whole;
  expect(await samples()).toEqual(["zcloud_ceph_answers 1"]);
});

test("how long the latest write took, and for how long none was acknowledged; nothing before the first", async () => {
  let state: WriteState = { seconds: undefined, stalled: 0, refusal: undefined };
  const registry = new Registry();
  writeMetrics(registry, () => state);
  const samples = async () => (await registry.metrics()).split("\n").filter((line) => /^\w/.test(line));
  expect(await samples()).toEqual([]);
  state = { seconds: undefined, stalled: 12, refusal: undefined };
  expect(await samples()).toEqual(["zcloud_ceph_write_stalled_seconds 12"]);
  state = { seconds: 0.004, stalled: 0, refusal: undefined };
  expect(await samples()).toEqual(["zcloud_ceph_write_seconds 0.004", "zcloud_ceph_write_stalled_seconds 0"]);
});

test("Ceph's numbers under the names of its own exporter, and none while nobody answers", async () => {
  let numbers: CephNumbers | undefined;
  const registry = new Registry();
  clusterMetrics(registry, () => numbers);
  const samples = async () => (await registry.metrics()).split("\n").filter((line) => /^\w/.test(line));
  expect(await samples()).toEqual([]);
  const up: CephNumbers = {
    ...{ health: 1, total: 400, used: 100, degraded: 7, misplaced: 0, unfound: 0 },
    monitors: [
      { name: "north", quorum: true },
      { name: "witness", quorum: false },
    ],
    manager: "north",
    mds: [{ name: "south", state: "up:active" }],
    osds: [{ id: 0, up: true, in: true }],
    pgs: { "active+clean": 64, "active+undersized+degraded": 1 },
    pools: [
      {
        ...{ name: "zcloud.data", stored: 5, room: 150, full: 0.25, objects: 2 },
        ...{ reads: 1, readBytes: 3, writes: 4, writtenBytes: 9 },
      },
    ],
  };
  numbers = up;
  const first = await samples();
  expect(first).toEqual([
    "ceph_health_status 1",
    "ceph_cluster_total_bytes 400",
    "ceph_cluster_total_used_raw_bytes 100",
    'ceph_mon_quorum_status{ceph_daemon="mon.north"} 1',
    'ceph_mon_quorum_status{ceph_daemon="mon.witness"} 0',
    'ceph_mgr_status{ceph_daemon="mgr.north"} 1',
    'zcloud_ceph_mds{ceph_daemon="mds.south",state="up:active"} 1',
    'ceph_osd_up{ceph_daemon="osd.0"} 1',
    'ceph_osd_in{ceph_daemon="osd.0"} 1',
    'zcloud_ceph_placement_groups{state="active+clean"} 64',
    'zcloud_ceph_placement_groups{state="active+undersized+degraded"} 1',
    "ceph_num_objects_degraded 7",
    "ceph_num_objects_misplaced 0",
    "ceph_num_objects_unfound 0",
    'ceph_pool_stored{name="zcloud.data"} 5',
    'ceph_pool_max_avail{name="zcloud.data"} 150',
    'ceph_pool_percent_used{name="zcloud.data"} 0.25',
    'ceph_pool_objects{name="zcloud.data"} 2',
    'ceph_pool_rd{name="zcloud.data"} 1',
    'ceph_pool_rd_bytes{name="zcloud.data"} 3',
    'ceph_pool_wr{name="zcloud.data"} 4',
    'ceph_pool_wr_bytes{name="zcloud.data"} 9',
  ]);
  // A counter stays what it is, and what is gone is gone.
  expect(await samples()).toEqual(first);
  numbers = { ...up, manager: undefined, osds: [], pools: [] };
  expect((await samples()).filter((line) => /ceph_mgr|ceph_osd|ceph_pool/.test(line))).toEqual([]);
});
