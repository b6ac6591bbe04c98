import { Gauge, type Registry } from "prom-client";
import type { UpgradesReport } from "./report.ts";

/** How this host's upgrades went, as of the last look. */
export function upgradesMetrics(registry: Registry, report: () => UpgradesReport | undefined): void {
  const gauge = (name: string, help: string, value: (known: UpgradesReport) => number | undefined): void => {
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        const known = report();
        const is = known === undefined ? undefined : value(known);
        this.remove();
        if (is !== undefined) this.set(is);
      },
    });
  };
  const seconds = (at: number | undefined) => (at === undefined ? undefined : at / 1_000);
  const success = ({ success }: UpgradesReport) => seconds(success);
  gauge("zcloud_upgrades_since_timestamp_seconds", "When they were scheduled.", ({ since }) => seconds(since));
  gauge("zcloud_upgrades_success_timestamp_seconds", "When security upgrades last went well.", success);
  gauge("zcloud_upgrades_failed", "1 if the last ones failed.", ({ result }) =>
    result === undefined ? undefined : Number(result !== "success"),
  );
  gauge("zcloud_upgrades_reboot_required", "1 while an upgrade waits for a boot.", ({ rebootRequired }) =>
    Number(rebootRequired !== undefined),
  );
  gauge("zcloud_upgrades_reboot_required_timestamp_seconds", "Since when.", ({ rebootRequired }) =>
    seconds(rebootRequired),
  );
}
