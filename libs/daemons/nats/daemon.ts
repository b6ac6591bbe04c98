import { ApplyConfigError, applyFile, commandSaid, type Host, mustRun, observeFiles, untilUp } from "@zcloud/host";
import { type Clock, type FileSet, type Reconciler, systemClock, TerminalError } from "@zcloud/reconcile";
import * as z from "zod";
import { getJson } from "./monitor.ts";
import { type Material, type NatsAction, type NatsDesired, type NatsObserved, planNats, serverPaths } from "./plan.ts";
import { moveTo, type Places, productionPlaces } from "./render.ts";

/** How nats-server is handled from outside. Tests run it without systemd. */
export interface NatsControl {
  check(path: string): readonly string[];
  readonly start: readonly string[];
  readonly reload: readonly string[];
  readonly restart: readonly string[];
  readonly unitChanged: readonly string[];
}

export const systemdControl: NatsControl = {
  check: (path) => ["nats-server", "-t", "-c", path],
  start: ["systemctl", "enable", "--now", "nats-server.service"],
  reload: ["systemctl", "reload", "nats-server.service"],
  restart: ["systemctl", "restart", "nats-server.service"],
  unitChanged: ["systemctl", "daemon-reload"],
};

export interface NatsOptions {
  readonly host: Host;
  /** Where the host's own keys are. */
  readonly pki?: string;
  readonly control?: NatsControl;
  readonly places?: Places;
  readonly clock?: Clock;
}

/** Milliseconds until a server must run with its new configuration: after a reload, and after a start. */
const reloadTime = 5_000;
const startTime = 20_000;

const Varz = z.object({ config_load_time: z.iso.datetime({ offset: true }) });

/** Keeps the site's nats-server as the map says; see planNats for the order. */
export function createNats(options: NatsOptions): Reconciler<NatsDesired, NatsObserved, NatsAction> {
  const { host, pki = "/etc/zcloud/pki", control = systemdControl, clock = systemClock } = options;
  const { places = productionPlaces } = options;
  const { directory } = places;
  const candidate = `${directory}.candidate`;

  async function observe(signal: AbortSignal): Promise<NatsObserved> {
    const paths = serverPaths(places);
    const written = await Promise.all(paths.map(async (path) => (await host.stat(path))?.mtime ?? 0));
    return {
      material: await readMaterial(),
      files: await observeFiles(host, [...paths, places.unit]),
      writtenAt: Math.max(...written),
      loadedAt: await loadedAt(signal),
      enabled: (await host.stat(places.enabled)) !== undefined,
    };
  }

  async function readMaterial(): Promise<Material> {
    const read = async (name: string): Promise<string> => {
      const text = await host.read(`${pki}/${name}`);
      if (text === undefined) throw new Error(`read ${pki}/${name}: it is not there; enrol this host: zctl pki`);
      return text;
    };
    return {
      ca: await read("ca.crt"),
      cert: await read("host.crt"),
      key: await read("host.key"),
      seed: await read("bus.nk"),
    };
  }

  /** When the running server read its configuration; undefined when none answers. */
  async function loadedAt(signal: AbortSignal): Promise<number | undefined> {
    const said = await getJson(`http://${places.monitor}/varz`, signal);
    const parsed = Varz.safeParse(said);
    return parsed.success ? Date.parse(parsed.data.config_load_time) : undefined;
  }

  async function apply(action: NatsAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case "write-unit":
        for (const file of action.files) await applyFile(host, file);
        await mustRun(host, control.unitChanged, signal);
        return;
      case "configure":
        return configure(action.files, signal);
      case "start":
        await mustRun(host, control.start, signal);
        return waitFor(0, startTime, signal);
      case "reload":
        return load(clock.now(), signal);
    }
  }

  async function configure(files: FileSet, signal: AbortSignal): Promise<void> {
    await check(files, signal);
    const before = await observeFiles(host, files.keys());
    const running = (await loadedAt(signal)) !== undefined;
    await write(files);
    if (!running) {
      await mustRun(host, control.start, signal);
      return waitFor(0, startTime, signal);
    }
    try {
      await load(clock.now(), signal);
    } catch (error) {
      if (signal.aborted || before.size < files.size) throw error;
      await write(before);
      await mustRun(host, control.restart, signal);
      const said = error instanceof Error ? error.message : String(error);
      throw new ApplyConfigError("DEGRADED", `configure nats-server: the last good files are back: ${said}`, said, {
        cause: error,
      });
    }
  }

  /** nats-server reads certificates and keys when it checks, so the candidate has its own copies of them. */
  async function check(files: FileSet, signal: AbortSignal): Promise<void> {
    const there = (path: string) => `${candidate}${path.slice(directory.length)}`;
    try {
      for (const [path, { content }] of files)
        await host.write(there(path), moveTo(content, directory, candidate), { mode: 0o600 });
      const result = await host.run(control.check(`${candidate}/nats-server.conf`), { signal });
      if (result.status === 0) return;
      const said = commandSaid(result);
      throw new TerminalError(`check nats-server.conf: nats-server refuses it, nothing was changed: ${said}`);
    } finally {
      await host.remove(candidate);
    }
  }

  async function write(files: FileSet): Promise<void> {
    for (const [path, { content, mode }] of files) await host.write(path, content, { mode, owner: places.owner });
  }

  /** Some settings (its name, domain, ports, the link) need a restart: a reload leaves the old ones in force. */
  async function load(since: number, signal: AbortSignal): Promise<void> {
    await mustRun(host, control.reload, signal);
    try {
      await waitFor(since, reloadTime, signal);
    } catch {
      signal.throwIfAborted();
      await mustRun(host, control.restart, signal);
      await waitFor(since, startTime, signal);
    }
  }

  async function waitFor(since: number, within: number, signal: AbortSignal): Promise<void> {
    const look = async (): Promise<string | undefined> => {
      const loaded = await loadedAt(signal);
      return loaded !== undefined && loaded >= since ? undefined : "it does not run with these files";
    };
    await untilUp(clock, { doing: "start nats-server", unit: "nats-server", within, look }, signal);
  }

  return { name: "nats", observe, plan: (desired, observed) => planNats(desired, observed, places), apply };
}
