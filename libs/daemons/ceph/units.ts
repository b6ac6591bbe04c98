import type { Host } from "@zcloud/host";
import { CephError } from "./errors.ts";
import type { DaemonKind } from "./places.ts";
import { unitOf } from "./places.ts";

/** How daemons are started and looked at. Tests run them without systemd. */
export interface CephUnits {
  /** Runs now, and will after a boot. */
  running(kind: DaemonKind, id: string, signal: AbortSignal): Promise<boolean>;
  /** Starts it now and at every boot. */
  start(kind: DaemonKind, id: string, signal: AbortSignal): Promise<void>;
  /** Drop-ins changed; daemons that run keep what they have. */
  changed(signal: AbortSignal): Promise<void>;
}

/** Units of the packages; they are children of systemd's, not of our service. */
export function systemdUnits(host: Host): CephUnits {
  async function must(argv: readonly string[], signal: AbortSignal): Promise<void> {
    const { status, stderr } = await host.run(argv, { signal, timeout: 120_000 });
    if (status !== 0) throw new CephError(`${argv.join(" ")}: ${stderr.trim().slice(0, 300)}`);
  }
  return {
    async running(kind, id, signal) {
      const unit = unitOf(kind, id);
      const active = await host.run(["systemctl", "is-active", "--quiet", unit], { signal });
      const enabled = await host.run(["systemctl", "is-enabled", "--quiet", unit], { signal });
      return active.status === 0 && enabled.status === 0;
    },
    async start(kind, id, signal) {
      await must(["systemctl", "reset-failed", unitOf(kind, id)], signal).catch(() => {});
      await must(["systemctl", "enable", "--now", unitOf(kind, id)], signal);
    },
    changed: (signal) => must(["systemctl", "daemon-reload"], signal),
  };
}
