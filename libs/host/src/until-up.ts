import { type Clock, pause } from "@zcloud/reconcile";
import { ApplyConfigError } from "./errors.ts";

export interface UntilUp {
  /** What was done, as the beginning of the error: `start chrony`. */
  readonly doing: string;
  /** Its systemd unit: where it says why. */
  readonly unit: string;
  /** Milliseconds it has. */
  readonly within: number;
  /** Milliseconds between looks; 100 by default. */
  readonly every?: number;
  /** What is wrong with it, e.g. `it does not answer`; undefined when it does its work. */
  look(signal: AbortSignal): Promise<string | undefined>;
}

/**
 * Waits until a daemon does its work after a start or a reload: that systemd or the command said yes is no proof.
 * @throws ApplyConfigError DEGRADED, with what was wrong last, when it takes too long; the signal's reason
 */
export async function untilUp(clock: Clock, daemon: UntilUp, signal: AbortSignal): Promise<void> {
  const { doing, unit, within, every = 100 } = daemon;
  let late = false;
  // A timer, no time of day: what was started may be what sets the clock.
  const cancel = clock.after(within, () => {
    late = true;
  });
  try {
    for (;;) {
      const wrong = await daemon.look(signal);
      if (wrong === undefined) return;
      signal.throwIfAborted();
      if (late) {
        const message = `${doing}: ${wrong} after ${within / 1_000} s; look at journalctl -u ${unit}`;
        throw new ApplyConfigError("DEGRADED", message, wrong);
      }
      await pause(clock, every, signal);
    }
  } finally {
    cancel();
  }
}
