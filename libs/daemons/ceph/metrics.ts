import { Gauge, type Registry } from "prom-client";
import type { CephReport } from "./cluster.ts";
import { judgeChecks } from "./health.ts";

/**
 * What Ceph says of itself, as of the last look.
 * @param kept whether this host keeps a Ceph at all; without, there are no numbers of it
 */
export function cephMetrics(registry: Registry, kept: () => boolean, report: () => CephReport | undefined): void {
  const registers = [registry];
  new Gauge({
    name: "zcloud_ceph_answers",
    help: "1 while the monitors answer this host; else no volume can be read or written from here.",
    registers,
    collect() {
      this.remove();
      if (kept()) this.set(report() === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: "zcloud_ceph_health_check",
    help: "1 for each health code in force that nobody muted, and how urgent it is: now, soon, know.",
    labelNames: ["code", "urgency"],
    registers,
    collect() {
      this.reset();
      if (!kept()) return;
      for (const { check, urgency } of judgeChecks(report()?.checks ?? [])) this.set({ code: check.code, urgency }, 1);
    },
  });
}
