import type { Bus } from "@zcloud/bus";
import type { Event, Status } from "@zcloud/events";
import { type Host, keepWatchdog, LocalHost, type Notifier, openNotifier } from "@zcloud/host";
import { ports } from "@zcloud/map";
import { asError, type Clock, pause, systemClock } from "@zcloud/reconcile";
import type { Logger } from "pino";
import { readConfiguration } from "./host-file.ts";
import { createHttp } from "./http.ts";
import { busServers, type Identity, joinBus, readIdentity } from "./identity.ts";
import { createLogger } from "./logger.ts";
import { loopMaker, loopProblems, loopReport } from "./loops.ts";
import { createMapStore } from "./map-store.ts";
import type { MapView } from "./map-view.ts";
import { createMetrics } from "./metrics.ts";
import { type RolePaths, rolePaths } from "./paths.ts";
import { planRoutes } from "./plan-api.ts";
import type { NewEvent, RoleContext, RoleDefinition, RoleParts, StatusProblem } from "./role.ts";
import { reportStatus, type StatusReporter } from "./status.ts";

/** What the frame stands on; everything has the default of a real host. */
export interface FrameOptions {
  readonly version?: string;
  readonly paths?: RolePaths;
  readonly host?: Host;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly notifier?: Notifier;
  readonly join?: typeof joinBus;
  /** Port for the neighbours. */
  readonly port?: number;
  /** How often the map file and missing keys are looked for, milliseconds. */
  readonly pollMs?: number;
}

export interface RunningRole {
  /** Rejects when the role can't go on; resolves after `stop`. */
  readonly done: Promise<void>;
  /** Lets the action under way finish, ends everything. */
  stop(): Promise<void>;
}

/** A new map asks for another start of the process, e.g. because znet has another address. */
export class RestartError extends Error {
  readonly code = "RESTART";
}

const noParts: RoleParts = { loops: [] };

/**
 * Starts a role and returns once its API listens; the role itself begins when a map and the host's keys are known.
 * Throws ConfigurationError.
 */
export async function startRole(definition: RoleDefinition, options: FrameOptions = {}): Promise<RunningRole> {
  const { role } = definition;
  const version = options.version ?? "dev";
  const paths = options.paths ?? rolePaths(role);
  const host = options.host ?? new LocalHost();
  const clock = options.clock ?? systemClock;
  const notifier = options.notifier ?? openNotifier();
  const pollMs = options.pollMs ?? 2_000;
  const { id } = await readConfiguration(host, paths);
  const log = options.log ?? createLogger(role);
  const metrics = createMetrics({ host: id, role, version });
  const stopping = new AbortController();
  const { signal } = stopping;

  let bus: Bus | undefined;
  let parts: RoleParts = noParts;
  let begun = false;
  let listening: string | undefined;
  let waitingFor: StatusProblem | undefined;
  let reporter: StatusReporter | undefined;
  let loopsDone: Promise<unknown> = Promise.resolve();
  const early: Event[] = [];

  function event(happened: NewEvent): void {
    const { kind, subject, reason, level } = happened;
    log[level === "warning" ? "warn" : level]({ kind, subject, reason }, "event");
    const whole: Event = { v: 1, at: new Date(clock.now()).toISOString(), host: id, actor: id, ...happened };
    if (bus !== undefined) bus.publish(whole);
    else if (early.length < 100) early.push(whole);
  }

  const store = createMapStore({ id, host, paths, log, event });

  function problems(): readonly StatusProblem[] {
    const own: StatusProblem[] = [];
    if (waitingFor !== undefined) own.push(waitingFor);
    if (begun && listening === undefined)
      own.push({ what: `port ${port()} does not listen yet: the host's address is missing` });
    if (bus !== undefined && !bus.connected()) {
      own.push({
        what: "no connection to the bus; working from the last known state",
        remedy: "zctl status: is znet up?",
      });
    }
    return [...store.problems(), ...loopProblems(parts.loops), ...(parts.problems?.() ?? []), ...own];
  }

  const port = (): number => options.port ?? ports.service;

  function readiness() {
    const loops = parts.loops.map(loopReport);
    const late = loops.filter((loop) => loop.essential && !loop.ready);
    const reasons = late.map(({ name, error }) => `${name}: ${error ?? "has not converged yet"}`);
    if (!begun) reasons.unshift(waitingFor?.what ?? "starting");
    return { ready: reasons.length === 0, generation: store.current()?.generation ?? 0, reasons, loops };
  }

  function status(): Status {
    const { ready, generation } = readiness();
    const at = new Date(clock.now()).toISOString();
    return {
      v: 1,
      host: id,
      role,
      version,
      generation,
      ready,
      problems: [...problems()],
      facts: { ...parts.facts?.() },
      at,
    };
  }

  function triggerAll(reason: string): void {
    for (const { loop } of parts.loops) loop.trigger(reason, { retry: true });
  }

  const http = createHttp({ host, socket: paths.socket, registry: metrics.registry, readiness, log });

  function useRoutes(): Promise<void> {
    return http.use((app) => {
      app.get("/v1/status", status);
      planRoutes(app, { id, loops: () => parts.loops, view: store.current });
      app.post("/v1/reconcile", async (_request, reply) => {
        await store.lookAtFile();
        triggerAll("asked for");
        return reply.code(202).send({ generation: store.current()?.generation ?? 0 });
      });
      parts.routes?.(app);
    });
  }

  /** Polls until there is something; what is missing is the host's first problem meanwhile. */
  async function awaitThing<T>(missing: StatusProblem, look: () => Promise<T | undefined>): Promise<T | undefined> {
    for (;;) {
      const found = await look();
      if (found !== undefined || signal.aborted) return found;
      if (waitingFor !== missing) log.warn(missing, "waiting");
      waitingFor = missing;
      await notifier.send(`STATUS=waiting: ${missing.what}`);
      await pause(clock, pollMs, signal);
    }
  }

  async function begin(): Promise<void> {
    await store.load();
    const view = await awaitThing<MapView>({ what: `${id} has no map yet`, remedy: "zctl apply" }, async () => {
      await store.lookAtFile();
      return store.current();
    });
    const identity = await awaitThing<Identity>(
      { what: `${id} has no keys for the bus in ${paths.etc}/pki`, remedy: "zctl pki" },
      () => readIdentity(host, paths),
    );
    if (view === undefined || identity === undefined || signal.aborted) return;
    waitingFor = undefined;
    await beginRole(view, identity);
  }

  async function beginRole(first: MapView, identity: Identity): Promise<void> {
    const joined = await (options.join ?? joinBus)({ view: first, identity, host, paths, log });
    bus = joined;
    for (const happened of early.splice(0)) joined.publish(happened);
    const view = (): MapView => store.current() ?? first;
    const listeners: ((view: MapView) => void)[] = [];
    const changed = (): void => reporter?.changed();
    const context: RoleContext = {
      ...{ role, version, host, bus: joined, log, metrics: metrics.registry, clock, paths, signal, view, event },
      onMap: (listener) => void listeners.push(listener),
      loop: loopMaker({ clock, log, metrics, event, view, changed }),
    };
    metrics.mapGeneration(first.generation);
    const servers = busServers(first).join();
    store.onChange((next) => {
      metrics.mapGeneration(next.generation);
      if (busServers(next).join() !== servers)
        fail(new RestartError("use the map: znet has another address; starting again"));
      for (const listener of listeners) listener(next);
      triggerAll(`map generation ${next.generation}`);
      changed();
    });
    parts = await definition.start(context);
    await useRoutes();
    begun = true;
    const maps = joined.replica("map", "site");
    const takeMap = (): void => {
      const signed = maps.entries().get("current");
      if (signed !== undefined) void store.offer("bus", signed).catch(fail);
    };
    maps.onChange(takeMap);
    takeMap();
    joined.onConnection(changed);
    loopsDone = Promise.all(parts.loops.map(({ loop }) => loop.start(signal)));
    reporter = reportStatus(clock, joined, () => {
      const value = status();
      void notifier.send(`STATUS=${statusLine(value)}`);
      return value;
    });
    log.info({ generation: view().generation, loops: parts.loops.map(({ loop }) => loop.name) }, "role begun");
    await Promise.all([listenForNeighbours(view), followFile()]);
  }

  /** At boot the address may come later than we do. */
  async function listenForNeighbours(view: () => MapView): Promise<void> {
    let said = "";
    while (!signal.aborted && listening === undefined) {
      try {
        listening = await http.listenTcp(view().self.address, port());
        log.info({ url: listening }, "listening for the neighbours");
        reporter?.changed();
      } catch (error) {
        const { message } = asError(error);
        if (message !== said) log.warn({ reason: message }, "cannot listen for the neighbours yet");
        said = message;
        await pause(clock, 1_000, signal);
      }
    }
  }

  async function followFile(): Promise<void> {
    while (!signal.aborted) {
      await store.lookAtFile();
      await pause(clock, pollMs, signal);
    }
  }

  let fail: (error: unknown) => void = () => {};
  let finish: () => void = () => {};
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });

  await useRoutes();
  await http.listenSocket();
  const stopWatchdog = keepWatchdog(notifier);
  await notifier.send("READY=1", "STATUS=starting");
  log.info({ id, version, socket: paths.socket }, "service started");
  const beginning = begin().catch(fail);

  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    await notifier.send("STOPPING=1", "STATUS=stopping");
    stopping.abort();
    reporter?.stop();
    await loopsDone;
    await parts.stop?.();
    await http.close();
    await beginning;
    await bus?.close();
    stopWatchdog();
    log.info("service stopped");
    finish();
  }
  return {
    done,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** One line for `systemctl status`. */
function statusLine({ generation, ready, problems }: Status): string {
  const first = problems[0];
  if (first === undefined)
    return `${ready ? "everything as it should be" : "converging"}, map generation ${generation}`;
  return `${problems.length === 1 ? "1 problem" : `${problems.length} problems`}: ${first.what}`;
}
