import { Registry } from "prom-client";
import { expect, test } from "vitest";
import type { CephReport } from "./cluster.ts";
import { cephMetrics, writeMetrics } from "./metrics.ts";
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
