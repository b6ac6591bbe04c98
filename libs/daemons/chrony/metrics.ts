import { Gauge, type Registry } from "prom-client";
import type { ClockReport } from "./report.ts";

/** This host's clock as chronyd measures it, as of the last look. */
export function clockMetrics(registry: Registry, report: () => ClockReport | undefined): void {
  const gauge = (name: string, help: string, value: (known: ClockReport) => number): void => {
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        const known = report();
        this.remove();
        if (known !== undefined) this.set(value(known));
      },
    });
  };
  gauge("zcloud_clock_offset_seconds", "How far this clock is ahead of the true time.", ({ offset }) => offset);
  gauge("zcloud_clock_uncertainty_seconds", "How wrong that may be.", ({ uncertainty }) => uncertainty);
  gauge("zcloud_clock_stratum", "Steps to a reference clock; 10: the site's own clock.", ({ stratum }) => stratum);
  gauge("zcloud_clock_synchronised", "1 while it follows anybody.", ({ follows, synchronised }) =>
    synchronised && follows !== undefined ? 1 : 0,
  );
  new Gauge({
    name: "zcloud_clock_source_answered",
    help: "Answers of a time server to the last eight questions.",
    labelNames: ["server"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { server, answered } of report()?.sources ?? []) this.set({ server }, answered);
    },
  });
}
