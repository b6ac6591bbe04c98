import type { Bus } from "@zcloud/bus";
import type { Status } from "@zcloud/events";
import type { Clock } from "@zcloud/reconcile";

/** How often a status is repeated although nothing changed: a third of what its bucket keeps it. */
export const statusPeriod = 10_000;
/** Changes come in bunches; this much later all of them are one status. */
const settleTime = 250;

export interface StatusReporter {
  /** Something may be different now. */
  changed(): void;
  stop(): void;
}

/** Puts `status()` into the bus's `status` bucket every 10 s, and soon after `changed()` if it is different. */
export function reportStatus(clock: Clock, bus: Bus, status: () => Status): StatusReporter {
  let said = "";
  let cancelPeriod: () => void = () => {};
  let cancelSoon: (() => void) | undefined;

  function report(always: boolean): void {
    const value = status();
    const print = JSON.stringify({ ...value, at: "" });
    if (!always && print === said) return;
    said = print;
    const key = value.host.slice(value.host.indexOf("/") + 1);
    bus.declare("status", key, new Map([[key, value]]));
    cancelPeriod();
    cancelPeriod = clock.after(statusPeriod, () => report(true));
  }

  report(true);
  return {
    changed() {
      cancelSoon ??= clock.after(settleTime, () => {
        cancelSoon = undefined;
        report(false);
      });
    },
    stop() {
      cancelPeriod();
      cancelSoon?.();
    },
  };
}
