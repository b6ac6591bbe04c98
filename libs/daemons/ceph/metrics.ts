import { Gauge, type Registry } from "prom-client";
import type { CephReport } from "./cluster.ts";
import { judgeChecks } from "./health.ts";
import type { WriteState } from "./write-probe.ts";

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

/** What became of the writes that this host tries. None before Ceph took the first. */
export function writeMetrics(registry: Registry, state: () => WriteState): void {
  const registers = [registry];
  new Gauge({
    name: "zcloud_ceph_write_seconds",
    help: "How long the latest small write of this host took that Ceph acknowledged.",
    registers,
    collect() {
      this.remove();
      const { seconds } = state();
      if (seconds !== undefined) this.set(seconds);
    },
  });
  new Gauge({
    name: "zcloud_ceph_write_stalled_seconds",
    help: "For how long small writes of this host have been tried and Ceph acknowledged none.",
    registers,
    collect() {
      this.remove();
      const { seconds, stalled } = state();
      if (seconds !== undefined || stalled > 0) this.set(stalled);
    },
  });
}
