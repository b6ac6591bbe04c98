import { setMaxListeners } from "node:events";
import { type Host, keepWatchdog, LocalHost, type Notifier, openNotifier } from "@zcloud/host";
import { ports } from "@zcloud/map";
import { asError, type Clock, pause, systemClock } from "@zcloud/reconcile";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createEventSink } from "./event-sink.ts";
import { keepHeapSmall } from "./heap.ts";
import { readConfiguration } from "./host-file.ts";
import { createHttp } from "./http.ts";
import { busServers, joinBus, readIdentity } from "./identity.ts";
import { createLogger } from "./logger.ts";
import { loopMaker } from "./loops.ts";
import { createMapStore } from "./map-store.ts";
import { createMetrics } from "./metrics.ts";
import { type RolePaths, rolePaths } from "./paths.ts";
import { planRoutes } from "./plan-api.ts";
import { type Progress, readiness, statusLine, statusOf } from "./report.ts";
import type { RoleContext, RoleDefinition, StatusProblem } from "./role.ts";
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

/**
 * Starts a role and returns once its API listens; the role's own part begins when a map and the host's keys are known.
 * Throws ConfigurationError.
 */
export async function startRole(definition: RoleDefinition, options: FrameOptions = {}): Promise<RunningRole> {
  const { role } = definition;
  const { version = "dev", paths = rolePaths(role), host = new LocalHost(), clock = systemClock } = options;
  const { notifier = openNotifier(), join = joinBus, port = ports.service, pollMs = 2_000 } = options;
  const { id } = await readConfiguration(host, paths);
  const log = options.log ?? createLogger(role);
  const metrics = createMetrics({ host: id, role, version });
  const stopping = new AbortController();
  const { signal } = stopping;
  // Each part of a role waits for the end, and there are more than ten.
  setMaxListeners(0, signal);
  const ended = deferred();
  const { event, attach } = createEventSink(id, clock, log);
  const store = createMapStore({ id, host, paths, log, event });
  const progress: Progress = {
    parts: { loops: [] },
    bus: undefined,
    begun: false,
    waitingFor: undefined,
    deaf: undefined,
  };
  const report = { id, role, version, clock, store, progress };
  const http = createHttp({
    host,
    socket: paths.socket,
    registry: metrics.registry,
    readiness: () => readiness(report),
    log,
  });
  let reporter: StatusReporter | undefined;
  let loopsDone: Promise<unknown> = Promise.resolve();

  const changed = (): void => reporter?.changed();

  function triggerAll(reason: string): void {
    for (const { loop } of progress.parts.loops) loop.trigger(reason, { retry: true });
  }

  function routes(app: FastifyInstance): void {
    app.get("/v1/status", () => statusOf(report));
    planRoutes(app, { id, loops: () => progress.parts.loops, view: store.current });
    app.post("/v1/reconcile", async (_request, reply) => {
      await store.lookAtFile();
      triggerAll("asked for");
      return reply.code(202).send({ generation: store.current()?.generation ?? 0 });
    });
    progress.parts.routes?.(app);
  }

  /** Polls until it is there; what is missing is the host's first problem meanwhile. Throws if the service stops first. */
  async function waitFor<T>(missing: StatusProblem, look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await look();
      signal.throwIfAborted();
      if (found !== undefined) return found;
      if (progress.waitingFor !== missing) log.warn(missing, "waiting");
      progress.waitingFor = missing;
      await notifier.send(`STATUS=waiting: ${missing.what}`);
      await pause(clock, pollMs, signal);
    }
  }

  async function begin(): Promise<void> {
    await store.load();
    const first = await waitFor({ what: `${id} has no map yet`, remedy: "zctl apply" }, async () => {
      await store.lookAtFile();
      return store.current();
    });
    const noKeys = { what: `${id} has no keys for the bus in ${paths.etc}/pki`, remedy: "zctl pki" };
    const identity = await waitFor(noKeys, () => readIdentity(host, paths));
    const bus = await join({ view: first, identity, host, paths, log });
    progress.waitingFor = undefined;
    progress.bus = bus;
    attach(bus);

    const view = () => store.current() ?? first;
    const onMap = followMap(busServers(first).join());
    const loop = loopMaker({ clock, log, metrics, event, view, changed });
    const context: RoleContext = {
      role,
      version,
      host,
      bus,
      log,
      metrics: metrics.registry,
      clock,
      paths,
      signal,
      view,
      onMap,
      loop,
      event,
    };
    progress.parts = await definition.start(context);
    await http.use(routes);
    signal.throwIfAborted();
    progress.begun = true;

    const maps = bus.replica("map", "site");
    const takeMap = (): void => {
      const signed = maps.entries().get("current");
      if (signed !== undefined) store.offer("bus", signed).catch(ended.reject);
    };
    maps.onChange(takeMap);
    takeMap();
    bus.onConnection(changed);
    loopsDone = Promise.all(progress.parts.loops.map(({ loop }) => loop.start(signal)));
    reporter = reportStatus(clock, bus, () => {
      const status = statusOf(report);
      void notifier.send(`STATUS=${statusLine(status)}`);
      return status;
    });
    log.info({ generation: view().generation, loops: progress.parts.loops.map(({ loop }) => loop.name) }, "role begun");
    await Promise.all([followFile(), listenForNeighbours(() => view().self.address)]);
  }

  /** Metrics, the role's own listeners and all loops hear of every new map. */
  function followMap(servers: string): RoleContext["onMap"] {
    const listeners: Parameters<RoleContext["onMap"]>[0][] = [];
    metrics.mapGeneration(store.current()?.generation ?? 0);
    store.onChange((next) => {
      metrics.mapGeneration(next.generation);
      if (busServers(next).join() !== servers) ended.reject(new RestartError("use the map: znet has another address"));
      for (const listener of listeners) listener(next);
      triggerAll(`map generation ${next.generation}`);
      changed();
    });
    return (listener) => void listeners.push(listener);
  }

  async function followFile(): Promise<void> {
    while (!signal.aborted) {
      await store.lookAtFile();
      // The bus brings new maps at once; the file is for when it is away.
      await pause(clock, progress.bus?.connected() === true ? 5 * pollMs : pollMs, signal);
    }
  }

  /** At boot the address may come later than we do. */
  async function listenForNeighbours(address: () => string): Promise<void> {
    while (!signal.aborted) {
      try {
        const url = await http.listenTcp(address(), port, (app) => progress.parts.neighbours?.(app));
        log.info({ url }, "listening for the neighbours");
        progress.deaf = undefined;
        return changed();
      } catch (error) {
        const { message } = asError(error);
        if (message !== progress.deaf) log.warn({ reason: message }, "cannot listen for the neighbours yet");
        progress.deaf = message;
        await pause(clock, pollMs, signal);
      }
    }
  }

  await http.use(routes);
  await http.listenSocket();
  const stopWatchdog = keepWatchdog(notifier);
  const stopCollecting = keepHeapSmall(clock);
  await notifier.send("READY=1", "STATUS=starting");
  log.info({ id, version, socket: paths.socket }, "service started");
  const beginning = begin().catch((error: unknown) => {
    if (!signal.aborted) ended.reject(error);
  });

  async function stop(): Promise<void> {
    await notifier.send("STOPPING=1", "STATUS=stopping");
    stopping.abort();
    reporter?.stop();
    await beginning;
    await loopsDone;
    await progress.parts.stop?.();
    await http.close();
    await progress.bus?.close();
    stopWatchdog();
    stopCollecting();
    log.info("service stopped");
    ended.resolve();
  }
  let stopped: Promise<void> | undefined;
  return {
    done: ended.promise,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Promise.withResolvers of ES2024, which Node 20 hasn't. */
function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
