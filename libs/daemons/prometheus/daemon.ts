import { applyConfig, applyFile, type Host, mustRun, observeConfig, observeFiles, untilUp } from "@zcloud/host";
import { type Clock, type Reconciler, systemClock } from "@zcloud/reconcile";
import type { MonitorPlaces } from "./places.ts";
import {
  type ConfigureMonitor,
  type MonitorAction,
  type MonitorDesired,
  type MonitorObserved,
  planMonitor,
} from "./plan.ts";
import { getText, sampleOf } from "./self.ts";

/** How one is handled from outside. Tests run it without systemd. */
export interface MonitorVerbs {
  /** The daemon's own check of a configuration. */
  check(path: string): readonly string[];
  /** Started now and at every boot. */
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  /** SIGHUP: it reads its configuration again, and keeps the old one if it can't. */
  readonly reload: readonly string[];
  readonly unitChanged: readonly string[];
}

export function systemdVerbs({ unit, prefix }: MonitorPlaces): MonitorVerbs {
  const checker = prefix === "alertmanager" ? ["amtool", "check-config"] : ["promtool", "check", "config"];
  return {
    check: (path) => [...checker, path],
    start: ["systemctl", "enable", "--now", unit],
    stop: ["systemctl", "disable", "--now", unit],
    restart: ["systemctl", "restart", unit],
    reload: ["systemctl", "reload", unit],
    unitChanged: ["systemctl", "daemon-reload"],
  };
}

export interface MonitorOptions {
  readonly host: Host;
  readonly places: MonitorPlaces;
  readonly verbs?: MonitorVerbs;
  readonly clock?: Clock;
}

/** Milliseconds until it must do its work: after a start Prometheus reads what it had in memory. */
const startTime = 60_000;
const reloadTime = 10_000;

/** Keeps Debian's Prometheus, Alertmanager or node exporter, under the name of its loop, as it should be. */
export function createMonitor(
  name: string,
  { host, places, verbs = systemdVerbs(places), clock = systemClock }: MonitorOptions,
): Reconciler<MonitorDesired, MonitorObserved, MonitorAction> {
  const url = (path: string): string => `http://${places.listen}${path}`;

  async function observe(signal: AbortSignal): Promise<MonitorObserved> {
    const aside = (await host.list(places.aside)).map((file) => `${places.aside}/${file}`);
    return {
      config: places.config === undefined ? undefined : (await observeConfig(host, places.config))?.content,
      unitFiles: await observeFiles(host, [places.dropIn]),
      aside: await observeFiles(host, aside),
      running: await isReady(signal),
      enabled: (await host.stat(places.enabled)) !== undefined,
    };
  }

  const isReady = async (signal: AbortSignal) => (await getText(url(places.ready), signal)) !== undefined;

  async function apply(action: MonitorAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        await applyFile(host, action.file);
        await mustRun(host, verbs.unitChanged, signal);
        return;
      case "write-aside":
      case "remove-aside":
        return applyFile(host, action.file);
      case "configure":
        return configure(action, signal);
      case "stop":
        await mustRun(host, verbs.stop, signal);
        return;
      case "start":
      case "restart":
        await mustRun(host, verbs[action.kind], signal);
        return untilReady(signal);
    }
  }

  async function configure({ text, restart }: ConfigureMonitor, signal: AbortSignal): Promise<void> {
    const path = places.config;
    if (path === undefined) throw new TypeError(`configure ${name}: it has no configuration`);
    return applyConfig(host, { path, text, check: verbs.check, reload: (stop) => take(restart, stop) }, signal);
  }

  /** Makes it use what is on disk now. */
  async function take(restart: boolean, signal: AbortSignal): Promise<void> {
    if (restart || !(await isReady(signal))) {
      await mustRun(host, verbs.start, signal);
      if (restart) await mustRun(host, verbs.restart, signal);
      return untilReady(signal);
    }
    const since = clock.now() / 1_000;
    await mustRun(host, verbs.reload, signal);
    const taken = async (): Promise<boolean> => {
      const said = (await getText(url("/metrics"), signal)) ?? "";
      return (sampleOf(`${places.prefix}_config_last_reload_success_timestamp_seconds`, said) ?? 0) >= since;
    };
    await until(reloadTime, "it did not take its configuration", taken, signal);
    // At boot too.
    await mustRun(host, verbs.start, signal);
  }

  const untilReady = (signal: AbortSignal) => until(startTime, "it does not answer", () => isReady(signal), signal);

  function until(within: number, what: string, done: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    const { unit } = places;
    const look = async () => ((await done()) ? undefined : what);
    return untilUp(clock, { doing: `start ${unit}`, unit, within, look }, signal);
  }

  return { name, observe, plan: (desired, observed) => planMonitor(name, desired, observed), apply };
}
