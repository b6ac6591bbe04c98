import { applyConfig, applyFile, type Host, mustRun, observeConfig, observeFiles, untilUp } from "@zcloud/host";
import { type Clock, type Reconciler, systemClock } from "@zcloud/reconcile";
import { identityOf, openControl, UnboundControlError } from "../unbound/index.ts";
import { type ResolverPlaces, resolverPlaces } from "./places.ts";
import { planResolver, type ResolverAction, type ResolverDesired, type ResolverObserved } from "./plan.ts";

/** How the resolver is handled from outside. Tests run it without systemd. */
export interface ResolverVerbs {
  check(path: string): readonly string[];
  /** Started now and at every boot. */
  readonly start: readonly string[];
  readonly restart: readonly string[];
  readonly unitChanged: readonly string[];
}

function systemdVerbs({ unit }: ResolverPlaces): ResolverVerbs {
  return {
    check: (path) => ["unbound-checkconf", path],
    start: ["systemctl", "enable", "--now", `${unit}.service`],
    restart: ["systemctl", "restart", `${unit}.service`],
    unitChanged: ["systemctl", "daemon-reload"],
  };
}

export interface ResolverOptions {
  readonly host: Host;
  readonly places?: ResolverPlaces;
  readonly verbs?: ResolverVerbs;
  readonly clock?: Clock;
}

/** Milliseconds until a started server must answer. */
const startTime = 15_000;

/** Keeps this VM's own resolver, and has the VM ask it. */
export function createResolver({
  host,
  places = resolverPlaces,
  verbs = systemdVerbs(places),
  clock = systemClock,
}: ResolverOptions): Reconciler<ResolverDesired, ResolverObserved, ResolverAction> {
  const control = openControl(places.control);

  async function observe(signal: AbortSignal): Promise<ResolverObserved> {
    return {
      files: await observeFiles(host, [places.unitFile, places.hints, places.resolvConf]),
      config: (await observeConfig(host, places.config))?.content,
      running: await identity(signal),
      enabled: (await host.stat(places.enabled)) !== undefined,
    };
  }

  async function identity(signal: AbortSignal): Promise<string | undefined> {
    const said = await control.ask("get_option identity", signal).catch((error: unknown) => {
      if (error instanceof UnboundControlError) return undefined;
      throw error;
    });
    return said?.trim();
  }

  async function apply(action: ResolverAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        await applyFile(host, action.file);
        await mustRun(host, verbs.unitChanged, signal);
        return;
      case "write-hints":
      case "use-resolver":
        return applyFile(host, action.file);
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
            probe: (stop) => waitFor(identityOf(action.text), stop),
          },
          signal,
        );
      case "start":
      case "restart":
        await mustRun(host, verbs[action.kind], signal);
        return waitFor(action.identity, signal);
    }
  }

  async function waitFor(wanted: string | undefined, signal: AbortSignal): Promise<void> {
    const { unit } = places;
    const look = async () =>
      (await identity(signal)) === wanted ? undefined : "it does not run with its configuration";
    await untilUp(clock, { doing: `start ${unit}`, unit, within: startTime, every: 50, look }, signal);
  }

  return { name: "resolver", observe, plan: (desired, observed) => planResolver(desired, observed, places), apply };
}
