import { commandSaid, type Host } from "@zcloud/host";
import type { Reconciler } from "@zcloud/reconcile";
import { planTimezone, type SetTimezone, type TimezoneDesired, type TimezoneObserved } from "./plan.ts";

export interface TimezoneOptions {
  readonly host: Host;
  /** localtime(5), for tests that have it elsewhere. */
  readonly link?: string;
}

/** Keeps a host's time zone. */
export function createTimezone({
  host,
  link = "/etc/localtime",
}: TimezoneOptions): Reconciler<TimezoneDesired, TimezoneObserved, SetTimezone> {
  return {
    name: "timezone",
    async observe(signal) {
      const { status, stdout } = await host.run(["readlink", "--no-newline", link], { signal });
      return { zone: status === 0 ? stdout : undefined };
    },
    plan: planTimezone,
    async apply({ zone }, signal) {
      // Beside and renamed: there is never a moment without one.
      const next = `${link}.zcloud`;
      for (const argv of [
        ["ln", "--symbolic", "--force", "--no-target-directory", zone, next],
        ["mv", "--force", "--no-target-directory", next, link],
      ]) {
        const done = await host.run(argv, { signal });
        if (done.status !== 0) throw new Error(`set the time zone: ${commandSaid(done)}`);
      }
    },
  };
}
