import type { Host } from "@zcloud/host";
import { type Clock, pause, type Reconciler, systemClock } from "@zcloud/reconcile";
import { askedOnce, monitorAsker, tell } from "./ask.ts";
import { readSecrets } from "./base.ts";
import { CephError } from "./errors.ts";
import { cephPlaces, dataDirectory, keyringOf, madeMark } from "./places.ts";
import { type MonitorAction, type MonitorObserved, planMonitor } from "./plan.ts";
import { allCaps, renderKeyring } from "./render.ts";
import type { ClusterSecrets } from "./secrets.ts";
import type { CephNode } from "./shape.ts";
import { must, owned } from "./steps.ts";
import { type CephUnits, systemdUnits } from "./units.ts";

export interface MonitorOptions {
  readonly host: Host;
  /** Which one this host has. */
  readonly node: () => CephNode;
  /**
   * Monitors that it waits for, and joins as soon as they have a quorum. Without, it is made only by founding, or from a
   * quorum that answers. One that waits is in no list of monitors before it was taken in, so that it never makes a quorum.
   */
  readonly awaits?: () => readonly CephNode[];
  readonly units?: CephUnits;
  readonly clock?: Clock;
}

/** Milliseconds until a started monitor must be one of a quorum. */
const startTime = 30_000;

/** Keeps a monitor of Ceph on a host, from nothing on. Its configuration is another's to keep (createCephFiles). */
export function createMonitor({
  host,
  node,
  awaits,
  units = systemdUnits(host),
  clock = systemClock,
}: MonitorOptions): Reconciler<CephNode, MonitorObserved, MonitorAction> {
  // Seldom, and with a key that a session does not have.
  const monitors = askedOnce(host, monitorAsker);

  async function observe(signal: AbortSignal): Promise<MonitorObserved> {
    const { name } = node();
    const configured = await allThere([cephPlaces.config, monitorAsker.keyring, cephPlaces.secrets]);
    const made = await allThere([madeMark(name)]);
    return {
      configured,
      store: made ? "made" : "none",
      waits: awaits !== undefined,
      mayFound: await allThere([cephPlaces.mayFound]),
      quorum: configured && !made && awaits === undefined && (await quorum(signal)),
      running: made && (await units.running("mon", name, signal)),
    };
  }

  async function allThere(paths: readonly string[]): Promise<boolean> {
    for (const path of paths) if ((await host.stat(path)) === undefined) return false;
    return true;
  }

  /** Whether others have a quorum already. */
  async function quorum(signal: AbortSignal): Promise<boolean> {
    const dump = [{ prefix: "mon dump", format: "json" }];
    return (await monitors.ask(dump, { signal, timeout: 3 })) !== undefined;
  }

  async function apply({ kind, name }: MonitorAction, signal: AbortSignal): Promise<void> {
    switch (kind) {
      case "found":
        return make(name, await mapOf([node()], signal), signal);
      case "join":
        return make(name, await presentMap(signal), signal);
      case "wait":
        return make(name, await mapOf(awaits?.() ?? [], signal), signal);
      case "start":
        await units.start("mon", name, signal);
        return awaits === undefined ? joined(name, signal) : undefined;
      case "founded":
        return host.remove(cephPlaces.mayFound);
    }
  }

  async function secretsHere(): Promise<ClusterSecrets> {
    const secrets = await readSecrets(host);
    if (secrets === undefined) throw new CephError(`make a monitor: there is no ${cephPlaces.secrets}; run: zctl pki`);
    return secrets;
  }

  /** A map of these monitors. Returns its path. */
  async function mapOf(nodes: readonly CephNode[], signal: AbortSignal): Promise<string> {
    const { fsid } = await secretsHere();
    const path = `${cephPlaces.data}/zcloud/monmap`;
    await must(host, ["install", "-d", "-m", "0755", cephPlaces.data, `${cephPlaces.data}/zcloud`], signal);
    const added = nodes.flatMap((one) => ["--addv", one.name, `[v2:${one.address}:3300]`]);
    await must(host, ["monmaptool", "--create", "--clobber", "--fsid", fsid, ...added, path], signal);
    return path;
  }

  /** The map of monitors that the others have. */
  async function presentMap(signal: AbortSignal): Promise<string> {
    const path = `${cephPlaces.data}/zcloud/monmap`;
    const [map] = await tell(monitors, [{ prefix: "mon getmap" }], { signal });
    await host.write(path, map ?? "");
    return path;
  }

  /** The store, from nothing: one that was begun and never ran has nothing that anybody knows of. */
  async function make(name: string, monmap: string, signal: AbortSignal): Promise<void> {
    const { mon, admin, fsid } = await secretsHere();
    const directory = dataDirectory("mon", name);
    const seed = `${cephPlaces.data}/zcloud/seed.keyring`;
    const entries = [renderKeyring("mon.", mon, { mon: "allow *" })];
    if (admin !== undefined) entries.push(renderKeyring("client.admin", admin, allCaps));
    await host.remove(directory);
    await must(host, ["install", "-d", "-o", "ceph", "-g", "ceph", "-m", "0700", directory], signal);
    await host.write(seed, entries.join(""), { mode: 0o600, owner: "ceph:ceph" });
    await owned(host, [monmap], signal);
    const mkfs = ["ceph-mon", "--mkfs", "-i", name, "--fsid", fsid, "--monmap", monmap, "--keyring", seed];
    await must(host, [...mkfs, "--setuser", "ceph", "--setgroup", "ceph"], signal);
    await host.write(keyringOf("mon", name), renderKeyring("mon.", mon, { mon: "allow *" }), {
      mode: 0o600,
      owner: "ceph:ceph",
    });
    await host.remove(seed);
    await must(host, ["sync", "--file-system", directory], signal);
    await host.write(madeMark(name), "", { owner: "ceph:ceph" });
  }

  /** Waits until it is in a quorum. */
  async function joined(name: string, signal: AbortSignal): Promise<void> {
    const until = clock.now() + startTime;
    for (;;) {
      const said = await monitors.ask([{ prefix: "quorum_status", format: "json" }], { signal, timeout: 3 });
      const { quorum_names = [] } = JSON.parse(said?.[0]?.out.toString() || "{}") as { quorum_names?: string[] };
      if (quorum_names.includes(name)) return;
      if (clock.now() >= until)
        throw new CephError(
          `start mon.${name}: in no quorum after ${startTime / 1000} s; journalctl -u ceph-mon@${name}`,
        );
      await pause(clock, 200, signal);
    }
  }

  return { name: "ceph-monitor", observe, plan: ({ name }, observed) => planMonitor(name, observed), apply };
}
