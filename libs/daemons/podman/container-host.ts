import type { Bus } from "@zcloud/bus";
import type { VolumeProvider } from "@zcloud/daemons/stack";
import type { Endpoint, StackEntry } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import type { HostEntry, ZMap } from "@zcloud/map";
import { type Clock, pause } from "@zcloud/reconcile";
import { PodmanApi } from "./api.ts";
import { deaths, endpointChanges, type Happening } from "./changes.ts";
import type { Container } from "./containers.ts";
import { desiredStacks, type StacksDesired } from "./desired.ts";
import { endpointsOf } from "./endpoints.ts";
import { heal, type Sickness } from "./healing.ts";
import { localVolumes, volumesDirectory } from "./local-volumes.ts";
import { createTold } from "./refusals.ts";
import { reportStacks, type StackReport } from "./report.ts";
import { StacksReconciler } from "./stacks.ts";
import { ContainerWatch, type WatchLogger } from "./watch.ts";

/** What a host of containers needs from around it; the frame of libs/service has all of it. */
export interface ContainerHostContext {
  readonly host: Host;
  readonly bus: Bus;
  readonly log: WatchLogger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  view(): { readonly map: ZMap; readonly self: HostEntry };
  event(happening: Happening): void;
}

export interface ContainerHost {
  readonly stacks: StacksReconciler;
  readonly watch: ContainerWatch;
  /** For the loop of `stacks`. */
  desired(view: { readonly map: ZMap; readonly self: HostEntry }): StacksDesired | undefined;
  report(): readonly StackReport[];
  problems(): readonly { readonly what: string; readonly remedy?: string }[];
  /** Follows podman and publishes endpoints until the context's signal aborts. */
  run(): Promise<void>;
}

/** How often unhealthy containers are looked at, milliseconds. */
const healingPeriod = 5_000;

/** The containers of one host: which stacks it runs, how they are, and what they serve. zpod and zmah are two of these. */
/** @param remote keeps volumes while the map says `storage: ceph`; without it, they are always directories of this host */
export async function containerHost(context: ContainerHostContext, remote?: VolumeProvider): Promise<ContainerHost> {
  const { host, bus, log, clock, signal } = context;
  const api = new PodmanApi();
  const local = localVolumes(host, clock);
  const volumes = chosen(() => (context.view().map.storage.kind === "ceph" ? (remote ?? local) : local));
  const watch = new ContainerWatch({ api, clock, log });
  const inBucket = bus.replica("stacks", "site");
  const endpoints = bus.replica("endpoints", "site");
  const stacks = new StacksReconciler({
    host,
    api,
    volumes,
    clock,
    signal,
    map: () => context.view().map,
    happened: context.event,
  });
  await stacks.load();

  let memory: { readonly input: string; readonly map: ZMap; readonly value: StacksDesired } | undefined;
  function desired({ map, self }: { readonly map: ZMap; readonly self: HostEntry }): StacksDesired | undefined {
    const entries = [...inBucket.entries().values()];
    // Nothing was ever heard of the bucket, and there is no copy: what runs here goes on.
    if (inBucket.age() === undefined && entries.length === 0) return undefined;
    const servedBy = servers([...endpoints.entries().values()], stacks, self);
    const fresh = inBucket.fresh();
    const unreadable = new Map([...inBucket.invalid()].map(([key, why]) => [key.replace(".", "/"), why]));
    const input = JSON.stringify([entries.map(print), [...unreadable], [...servedBy], fresh, self]);
    if (memory?.input !== input || memory.map !== map) {
      const volumePath = (tenant: string, project: string, volume: string): string =>
        `${volumesDirectory}/${tenant}/${project}/${volume}`;
      const places = { volumePath, volumeUnit: volumes.unit };
      memory = { input, map, value: desiredStacks({ map, self, entries, unreadable, fresh, servedBy, ...places }) };
      for (const news of told(memory.value, stacks.deployed())) context.event(news);
    }
    return memory.value;
  }

  const told = createTold();
  let published: ReadonlyMap<string, Endpoint> | undefined;
  let listed: readonly Container[] = [];
  function publish(): void {
    const containers = watch.containers();
    // Before podman was first asked, what the bucket says of this host is better than "nothing serves".
    if (containers === undefined) return;
    const { self } = context.view();
    const now = endpointsOf(
      self,
      [...stacks.deployed().values()].map(({ spec }) => spec),
      containers,
    );
    bus.declare("endpoints", self.name, now);
    const known = ownEndpoints([...endpoints.entries()], self);
    // Nothing is known of earlier times: what is there now isn't news.
    const before = published ?? (known.size > 0 ? known : now);
    for (const happening of [
      ...deaths(listed, containers, stacks.busy()),
      ...endpointChanges(before, now, containers, stacks.busy()),
    ])
      context.event(happening);
    published = now;
    listed = containers;
  }
  watch.onChange(publish);
  stacks.onChange(() => {
    watch.refresh();
    publish();
  });

  async function healForever(): Promise<void> {
    let sick: ReadonlyMap<string, Sickness> = new Map();
    // Counted, not read: a clock that is set must heal nobody sooner or later.
    let passed = 0;
    while (!signal.aborted) {
      await pause(clock, healingPeriod, signal);
      passed += healingPeriod;
      const healing = heal(watch.containers() ?? [], sick, passed);
      sick = healing.sick;
      for (const one of healing.restart) {
        if (stacks.busy().has(`${one.tenant}/${one.project}`)) continue;
        context.event({
          kind: "container-restarted",
          level: "warning",
          subject: `${one.tenant}/${one.project}`,
          reason: `${one.name} runs but does not answer its health check`,
        });
        await api
          .restart(one.id, signal)
          .catch((error: unknown) =>
            log.warn({ err: error, container: one.name }, "an unhealthy container could not be restarted"),
          );
      }
    }
  }

  return {
    stacks,
    watch,
    desired,
    report: () =>
      reportStacks({
        desired: memory?.value,
        deployed: stacks.deployed(),
        containers: watch.containers() ?? [],
        busy: stacks.busy(),
        failures: stacks.failures(),
      }),
    problems() {
      const blind =
        watch.error() === undefined
          ? []
          : [
              {
                what: `podman does not answer (${watch.error()}); containers may differ from what is shown`,
                remedy: "systemctl status podman.socket podman.service",
              },
            ];
      const reports = reportStacks({
        desired: memory?.value,
        deployed: stacks.deployed(),
        containers: watch.containers() ?? [],
        busy: stacks.busy(),
        failures: stacks.failures(),
      });
      const ill = reports.filter(({ state }) => state !== "running" && state !== "changing" && state !== "elsewhere");
      return [
        ...blind,
        ...ill.map(({ stack, state, reasons }) => ({
          what: `${stack} is ${state}: ${reasons[0] ?? "no container runs"}`,
        })),
      ];
    },
    async run() {
      await Promise.all([watch.run(signal), healForever()]);
      await Promise.race([stacks.settled(), pause(clock, 500, new AbortController().signal)]);
    },
  };
}

/** Whichever it is now. */
function chosen(now: () => VolumeProvider): VolumeProvider {
  return {
    get kind() {
      return now().kind;
    },
    unit: (...of) => now().unit(...of),
    ensure: (...of) => now().ensure(...of),
    list: () => now().list(),
    release: (...of) => now().release(...of),
    trash: (...of) => now().trash(...of),
    listTrash: () => now().listTrash(),
  };
}

const print = (entry: StackEntry): string => {
  const { tenant, project } = entry;
  return `${tenant}/${project} ${entry.removed ? `removed ${entry.removedAt}` : `${entry.digest} ${entry.deployedAt}`}`;
};

/** Hosts of this site that serve a stack, by what they publish; this host by what it has. */
function servers(
  endpoints: readonly Endpoint[],
  stacks: StacksReconciler,
  self: HostEntry,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const add = (key: string, name: string): void => void found.set(key, (found.get(key) ?? new Set()).add(name));
  for (const { host, tenant, project } of endpoints)
    if (host !== self.id) add(`${tenant}/${project}`, host.slice(host.indexOf("/") + 1));
  for (const key of stacks.deployed().keys()) add(key, self.name);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, names]) => [key, [...names].sort()]));
}

/** What the bucket has of this host: so that a restart of the agent reports only what changed meanwhile. */
function ownEndpoints(
  entries: readonly (readonly [string, Endpoint])[],
  self: HostEntry,
): ReadonlyMap<string, Endpoint> {
  return new Map(entries.filter(([, { host }]) => host === self.id));
}
