import { applyConfig, applyFile, type Host, mustRun, observeConfig, observeFiles, untilUp } from "@zcloud/host";
import { type Clock, type Reconciler, systemClock } from "@zcloud/reconcile";
import { type Identity, type Instance, identityPaths } from "./places.ts";
import {
  fingerprintOf,
  listeningSockets,
  planRsyslog,
  type RsyslogAction,
  type RsyslogDesired,
  type RsyslogObserved,
} from "./plan.ts";

/** How rsyslogd is handled from outside. Tests run it without systemd. */
export interface RsyslogVerbs {
  check(path: string): readonly string[];
  readonly running: readonly string[];
  readonly start: readonly string[];
  readonly restart: readonly string[];
  readonly stop: readonly string[];
  readonly unitChanged: readonly string[];
}

export function systemdVerbs({ unit }: Instance): RsyslogVerbs {
  return {
    check: (path) => ["rsyslogd", "-N1", "-f", path],
    running: ["systemctl", "is-active", "--quiet", unit],
    start: ["systemctl", "enable", "--now", unit],
    restart: ["systemctl", "restart", unit],
    stop: ["systemctl", "stop", unit],
    unitChanged: ["systemctl", "daemon-reload"],
  };
}

export interface RsyslogOptions {
  readonly host: Host;
  readonly places: Instance;
  /** Of its unit and what that runs. */
  readonly unitPaths: readonly string[];
  /** Where it writes; its room is looked at. */
  readonly store?: string;
  readonly verbs?: RsyslogVerbs;
  readonly identity?: Identity;
  readonly clock?: Clock;
}

/** Milliseconds in which it must listen. */
const startTime = 10_000;

/** Keeps one rsyslogd, a sender's or a receiver's, as it should be. */
export function createRsyslog(
  name: string,
  {
    host,
    places,
    unitPaths,
    store,
    verbs = systemdVerbs(places),
    identity = identityPaths,
    clock = systemClock,
  }: RsyslogOptions,
): Reconciler<RsyslogDesired, RsyslogObserved, RsyslogAction> {
  async function observe(signal: AbortSignal): Promise<RsyslogObserved> {
    return {
      identity: await fingerprint(),
      free: store === undefined ? undefined : await freeBytes(store, signal),
      config: await observeConfig(host, places.config),
      unitFiles: await observeFiles(host, unitPaths),
      running: (await host.run(verbs.running, { signal })).status === 0,
      enabled: (await host.stat(places.enabled)) !== undefined,
      listening: await listening(),
    };
  }

  /** Undefined while the directory is not there. */
  async function freeBytes(path: string, signal: AbortSignal): Promise<number | undefined> {
    const { stdout } = await host.run(["df", "--block-size=1", "--output=avail", path], { signal });
    return /(\d+)\s*$/.test(stdout) ? Number(/(\d+)\s*$/.exec(stdout)?.[1]) : undefined;
  }

  async function listening(): Promise<ReadonlySet<string>> {
    return listeningSockets((await host.read("/proc/net/tcp")) ?? "");
  }

  async function fingerprint(): Promise<string> {
    const texts = [await host.read(identity.ca), await host.read(identity.certificate)];
    return fingerprintOf(texts.join("\n"));
  }

  async function apply(action: RsyslogAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        for (const file of action.files) await applyFile(host, file);
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
            probe: (stop) => probe(action.listens, stop),
          },
          signal,
        );
      case "stop":
        await mustRun(host, verbs.stop, signal);
        return;
      case "start":
      case "restart":
        await mustRun(host, verbs[action.kind], signal);
        return probe(action.listens, signal);
    }
  }

  async function probe(listens: readonly string[], signal: AbortSignal): Promise<void> {
    const look = async (): Promise<string | undefined> => {
      const open = await listening();
      const deaf = listens.filter((at) => !open.has(at));
      if ((await host.run(verbs.running, { signal })).status !== 0) return "it does not run";
      return deaf.length === 0 ? undefined : `it does not listen at ${deaf.join(", ")}`;
    };
    const { unit } = places;
    await untilUp(clock, { doing: `start ${unit}`, unit, within: startTime, look }, signal);
  }

  return { name, observe, plan: (desired, observed) => planRsyslog(name, desired, observed), apply };
}
