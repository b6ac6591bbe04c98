import { applyConfig, applyFile, type Host, mustRun, observeConfig, observeFiles, untilUp } from "@zcloud/host";
import { type Clock, type Reconciler, systemClock } from "@zcloud/reconcile";
import { type ChronyAction, type ChronyDesired, type ChronyObserved, planChrony } from "./plan.ts";
import { type ChronyPlaces, chronyPlaces } from "./render.ts";
import { type ClockReport, parseReport } from "./report.ts";
import { askChrony } from "./trust.ts";

/** How chronyd is handled from outside. Tests run it without systemd. */
export interface ChronyVerbs {
  check(path: string): readonly string[];
  readonly report: readonly string[];
  /** Started now and at every boot. */
  readonly start: readonly string[];
  readonly restart: readonly string[];
  readonly unitChanged: readonly string[];
}

const systemdVerbs: ChronyVerbs = {
  check: (path) => ["chronyd", "-p", "-f", path],
  report: askChrony,
  start: ["systemctl", "enable", "--now", "chrony.service"],
  restart: ["systemctl", "restart", "chrony.service"],
  unitChanged: ["systemctl", "daemon-reload"],
};

export interface ChronyOptions {
  readonly host: Host;
  readonly places?: ChronyPlaces;
  readonly verbs?: ChronyVerbs;
  readonly clock?: Clock;
  /** Called with every look. */
  readonly seen?: (report: ClockReport | undefined) => void;
}

export interface Chrony extends Reconciler<ChronyDesired, ChronyObserved, ChronyAction> {
  /** As of the last look; undefined while chronyd does not answer. */
  report(): ClockReport | undefined;
}

/** Milliseconds until a started chronyd must answer. */
const startTime = 10_000;

/** Keeps chronyd as the map says, and knows how this host's clock is. */
export function createChrony({
  host,
  places = chronyPlaces,
  verbs = systemdVerbs,
  clock = systemClock,
  seen,
}: ChronyOptions): Chrony {
  let latest: ClockReport | undefined;

  async function observe(signal: AbortSignal): Promise<ChronyObserved> {
    latest = await ask(signal);
    seen?.(latest);
    return {
      config: (await observeConfig(host, places.config))?.content,
      unitFiles: await observeFiles(host, [places.unit]),
      running: latest !== undefined,
      enabled: (await host.stat(places.enabled)) !== undefined,
    };
  }

  async function ask(signal: AbortSignal): Promise<ClockReport | undefined> {
    const { status, stdout } = await host.run(verbs.report, { signal, timeout: 5_000 });
    return status === 0 ? parseReport(stdout) : undefined;
  }

  async function apply(action: ChronyAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        await applyFile(host, action.file);
        await mustRun(host, verbs.unitChanged, signal);
        return;
      case "configure":
        return applyConfig(
          host,
          {
            path: places.config,
            text: action.text,
            check: verbs.check,
            reload: async (stop) => {
              await mustRun(host, verbs.start, stop);
              await mustRun(host, verbs.restart, stop);
            },
            probe,
          },
          signal,
        );
      case "start":
        await mustRun(host, verbs.start, signal);
        return probe(signal);
    }
  }

  async function probe(signal: AbortSignal): Promise<void> {
    const look = async () => ((await ask(signal)) === undefined ? "it does not answer" : undefined);
    await untilUp(clock, { doing: "start chrony", unit: "chrony", within: startTime, look }, signal);
  }

  return { name: "chrony", observe, plan: planChrony, apply, report: () => latest };
}
