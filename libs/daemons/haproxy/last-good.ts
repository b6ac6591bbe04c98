import { ApplyConfigError, commandSaid, type Host } from "@zcloud/host";
import { type Action, type Clock, changedLines, type Reconciler, systemClock } from "@zcloud/reconcile";
import { type HaproxyControl, systemdControl } from "./daemon.ts";
import type { FrontPaths } from "./settings.ts";

/** Milliseconds: a configuration that is being changed is not checked at each step, which takes HAProxy longer than the change. */
export const restTime = 30_000;

export type LastGoodPaths = Pick<FrontPaths, "config" | "good">;

export interface ObservedLastGood {
  readonly config: string | undefined;
  readonly good: string | undefined;
  /** Milliseconds since the configuration was written. */
  readonly age: number;
}

export interface KeepGood extends Action {
  readonly kind: "keep-good";
  readonly content: string;
}

/** A copy of the configuration as soon as it has rested; at once while there is none. */
export function planLastGood({ config, good, age }: ObservedLastGood): readonly KeepGood[] {
  // Debian's sample is there before ours.
  if (config === undefined || config === good || !/^ {4}description zcloud-/m.test(config)) return [];
  // A clock that was set back must not keep it from being done.
  if (good !== undefined && age >= 0 && age < restTime) return [];
  const summary = `kept as last good, ${changedLines(good ?? "", config)} new`;
  return [{ kind: "keep-good", change: "~", subject: "haproxy.cfg", summary, content: config }];
}

/** Keeps what HAProxy's unit falls back to when it finds the configuration broken at its start (unit.ts). */
export function createLastGood(options: {
  readonly host: Host;
  readonly control?: HaproxyControl;
  readonly clock?: Clock;
  readonly paths: LastGoodPaths;
}): Reconciler<object, ObservedLastGood, KeepGood> {
  const { host, paths, control = systemdControl, clock = systemClock } = options;
  return {
    name: "last-good",
    async observe() {
      const written = (await host.stat(paths.config))?.mtime ?? 0;
      return { config: await host.read(paths.config), good: await host.read(paths.good), age: clock.now() - written };
    },
    plan: (_, observed) => planLastGood(observed),
    async apply({ content }, signal) {
      const candidate = `${paths.good}.candidate`;
      await host.write(candidate, content, { mode: 0o644 });
      const result = await host.run(control.check(candidate), { signal });
      await host.remove(candidate);
      if (result.status !== 0) {
        const said = commandSaid(result);
        const message = `check haproxy.cfg: HAProxy refuses what is on disk, the copy stays as it is: ${said}`;
        throw new ApplyConfigError("CONFIG_REFUSED", message, said);
      }
      await host.write(paths.good, content, { mode: 0o644 });
    },
  };
}
