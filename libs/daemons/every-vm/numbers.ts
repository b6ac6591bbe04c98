import type { RoleContext, RoleLoop } from "@zcloud/service";
import { Gauge } from "prom-client";
import { createMonitor, desiredNodeExporter, nodeExporterAt } from "../prometheus/index.ts";

/** What this VM tells of itself to its site's znet: its operating system, and how far behind its log is there. */
export function numbersPart(ctx: RoleContext, logBehind: () => number): readonly RoleLoop[] {
  new Gauge({
    name: "zcloud_log_behind_seconds",
    help: "How far the site's log is behind this host.",
    registers: [ctx.metrics],
    collect() {
      this.set(logBehind());
    },
  });
  const places = nodeExporterAt(ctx.view().self);
  return [
    ctx.loop({
      reconciler: createMonitor("node-exporter", { host: ctx.host, places, clock: ctx.clock }),
      desired: ({ self }) => desiredNodeExporter(self),
      essential: false,
      resyncMs: 60_000,
    }),
  ];
}
