import type { HostEntry, ZMap } from "@zcloud/map";
import type { ChronyDesired } from "./plan.ts";
import { type ChronyPlaces, chronyPlaces, renderChrony, renderChronyDropIn } from "./render.ts";

export { type Chrony, createChrony } from "./daemon.ts";
export { watchJumps } from "./jumps.ts";
export { clockMetrics } from "./metrics.ts";
export { clockProblems } from "./problems.ts";
export { watchSkew } from "./skew.ts";
export { clockFault } from "./trust.ts";

export function desiredChrony(map: ZMap, self: HostEntry, places: ChronyPlaces = chronyPlaces): ChronyDesired {
  return {
    config: renderChrony(map, self, places),
    unitFiles: new Map([[places.unit, { content: renderChronyDropIn(), mode: 0o644 }]]),
  };
}
