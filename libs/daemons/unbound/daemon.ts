import { ApplyConfigError, applyFile, commandSaid, type Host, mustRun, observeFiles, untilUp } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { type Clock, type Reconciler, systemClock, TerminalError } from "@zcloud/reconcile";
import { type Control, openControl, UnboundControlError } from "./control.ts";
import {
  type Activation,
  type Configure,
  planUnbound,
  type UnboundAction,
  type UnboundDesired,
  type UnboundObserved,
} from "./plan.ts";
import { parseRecords } from "./records.ts";
import { identityOf, type Places, productionPlaces } from "./render.ts";

/** How Unbound is handled from outside. Tests run it without systemd. */
export interface UnboundVerbs {
  check(path: string): readonly string[];
  readonly start: readonly string[];
  readonly restart: readonly string[];
  readonly unitChanged: readonly string[];
}

export const systemdVerbs: UnboundVerbs = {
  check: (path) => ["unbound-checkconf", path],
  start: ["systemctl", "enable", "--now", "unbound.service"],
  restart: ["systemctl", "restart", "unbound.service"],
  unitChanged: ["systemctl", "daemon-reload"],
};

export interface UnboundOptions {
  readonly host: Host;
  /** The map as it is now: which of the server's answers are hosts', and where it listens. */
  readonly map: () => ZMap;
  readonly site: string;
  readonly verbs?: UnboundVerbs;
  readonly places?: Places;
  readonly clock?: Clock;
}

/** Milliseconds until a started or reloaded server must answer. */
const startTime = 15_000;

/** Keeps the site's resolver as map and endpoints say; see planUnbound for the order. */
export function createUnbound(options: UnboundOptions): Reconciler<UnboundDesired, UnboundObserved, UnboundAction> {
  const { host, verbs = systemdVerbs, clock = systemClock } = options;
  const places = (map = options.map()): Places => options.places ?? productionPlaces(map, options.site);
  const control: Control = openControl(places().control);

  /** What was seen last, with what was done since; see Reconciler.recall. */
  let latest: UnboundObserved | undefined;

  async function observe(signal: AbortSignal): Promise<UnboundObserved> {
    latest = undefined;
    const { config, names, unit, enabled } = places();
    const running = await identity(signal);
    const listed = running === undefined ? "" : await control.ask("list_local_data", signal);
    latest = {
      files: await observeFiles(host, [config, names, unit]),
      running,
      enabled: (await host.stat(enabled)) !== undefined,
      records: parseRecords(listed, options.map()),
    };
    return latest;
  }

  async function recall(): Promise<UnboundObserved | undefined> {
    const last = latest;
    latest = undefined;
    return last;
  }

  /** Which configuration the running server has; empty for one that is not ours. */
  async function identity(signal: AbortSignal): Promise<string | undefined> {
    const said = await control.ask("get_option identity", signal).catch((error: unknown) => {
      if (error instanceof UnboundControlError && error.code === "UNBOUND_AWAY") return undefined;
      throw error;
    });
    return said?.trim();
  }

  async function apply(action: UnboundAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        for (const file of action.files) await applyFile(host, file);
        await mustRun(host, verbs.unitChanged, signal);
        return;
      case "write-names":
        for (const file of action.files) await applyFile(host, file);
        return;
      case "configure":
        return configure(action, signal);
      case "start":
      case "restart":
      case "reload":
        return activate(action.kind, (await host.read(places().config)) ?? "", signal);
      case "set-record":
        if (action.replace) await control.ask(`local_data_remove ${action.subject}.`, signal);
        await control.ask(["local_datas", ...action.records].join("\n"), signal);
        return;
      case "remove-record":
        await control.ask(`local_data_remove ${action.subject}.`, signal);
        return;
    }
  }

  /** Check a candidate, put it in place, make it run; what ran before comes back if it does not. */
  async function configure({ content, activation }: Configure, signal: AbortSignal): Promise<void> {
    const { config } = places();
    await check(`${config}.candidate`, content, signal);
    const before = await host.read(config);
    await host.write(config, content);
    try {
      await activate(activation, content, signal);
    } catch (error) {
      if (signal.aborted || before === undefined) throw error;
      await host.write(config, before);
      await mustRun(host, verbs.restart, signal);
      const said = error instanceof Error ? error.message : String(error);
      throw new ApplyConfigError("DEGRADED", `configure unbound: the last good file is back: ${said}`, said, {
        cause: error,
      });
    }
  }

  async function activate(how: Activation, config: string, signal: AbortSignal): Promise<void> {
    if (how === "reload") await control.ask("reload_keep_cache", signal);
    if (how === "restart") await mustRun(host, verbs.restart, signal);
    if (how === "start") await mustRun(host, verbs.start, signal);
    return waitFor(identityOf(config), signal);
  }

  async function check(candidate: string, content: string, signal: AbortSignal): Promise<void> {
    await host.write(candidate, content);
    const result = await host.run(verbs.check(candidate), { signal });
    await host.remove(candidate);
    if (result.status === 0) return;
    throw new TerminalError(`check unbound.conf: unbound refuses it, nothing was changed: ${commandSaid(result)}`);
  }

  async function waitFor(wanted: string | undefined, signal: AbortSignal): Promise<void> {
    const look = async () =>
      (await identity(signal)) === wanted ? undefined : "it does not run with its configuration";
    await untilUp(clock, { doing: "start unbound", unit: "unbound", within: startTime, every: 50, look }, signal);
  }

  return {
    name: "unbound",
    observe,
    recall,
    plan: (desired, observed) => planUnbound(desired, observed, places(desired.map)),
    apply,
  };
}
