import type { ZMap } from "@zcloud/map";
import type { ClusterWish } from "./plan-cluster.ts";

export type { Monitors } from "./ask.ts";
export { askCommand } from "./ask-script.ts";
export { createCephFiles, readSecrets } from "./base.ts";
export { createCluster } from "./cluster.ts";
export { clusterMetrics } from "./cluster-metrics.ts";
export { createDaemons } from "./daemons.ts";
export { createDisks } from "./disks.ts";
export type { HealthTheme } from "./health/code.ts";
export { healthThemes } from "./health.ts";
export { cephMetrics, writeMetrics } from "./metrics.ts";
export { createMonitor } from "./monitor.ts";
export { cephPlaces } from "./places.ts";
export { storageProblems } from "./problems.ts";
export { ClusterSecrets, encodeKey } from "./secrets.ts";
export { createSession } from "./session.ts";
export { cephDisks, nodeOf } from "./shape.ts";
export { witnessParts } from "./witness.ts";
export { type WriteState, watchWrites } from "./write-probe.ts";

/** Of block devices: its copies lie at both sites, and neither MDS nor manager is needed to write to it. */
export const probePool = "zcloud.rbd";

/** The whole cluster's own things, as the map wants them. */
export function clusterWish(map: ZMap): ClusterWish {
  return {
    rule: "zcloud",
    copies: map.storage.copies,
    pools: [
      { name: "zcloud.meta", pgs: 16, application: "cephfs" },
      { name: "zcloud.data", pgs: 32, application: "cephfs" },
      { name: probePool, pgs: 16, application: "rbd" },
    ],
    fs: { name: "zcloud", metadata: "zcloud.meta", data: "zcloud.data" },
    witness: map.witness === undefined ? undefined : "witness",
  };
}
