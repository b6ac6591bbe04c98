import { commandSaid, type Host } from "@zcloud/host";
import type { Clock, Reconciler } from "@zcloud/reconcile";
import { type LogFile, logFile } from "./files.ts";
import { type FileAction, type KeepDesired, type KeepObserved, type KeptFile, overfull, planKeep } from "./plan.ts";

export interface KeepOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly store: string;
}

export interface LogKeeper extends Reconciler<KeepDesired, KeepObserved, FileAction> {
  /** As of the last look: what removing older days can't mend. */
  problem(desired: KeepDesired): string | undefined;
  /** As of the last look, bytes. */
  bytes(): number;
}

/** Compresses and removes days of the site's log that have passed. */
export function createLogKeeper({ host, clock, store }: KeepOptions): LogKeeper {
  let latest: KeepObserved | undefined;

  async function observe(signal: AbortSignal): Promise<KeepObserved> {
    const files: KeptFile[] = [];
    for (const file of await listLog(host, store)) {
      const stat = await host.stat(file.path);
      if (stat !== undefined) files.push({ ...file, bytes: stat.size, written: stat.mtime });
    }
    latest = { now: clock.now(), files, disk: await disk(signal) };
    return latest;
  }

  async function disk(signal: AbortSignal): Promise<KeepObserved["disk"]> {
    const result = await host.run(["df", "--block-size=1", "--output=size,avail", store], { signal });
    const [size, free] = result.stdout.trim().split("\n").at(-1)?.trim().split(/\s+/).map(Number) ?? [];
    if (size === undefined || free === undefined || Number.isNaN(free))
      throw new Error(`look at the disk of ${store}: ${commandSaid(result)}`);
    return { size, free };
  }

  return {
    name: "log-store",
    observe,
    plan: planKeep,
    async apply({ kind, path }, signal) {
      if (kind === "remove") return host.remove(path);
      // -f: what a compression that was cut short left behind is written again.
      const argv = ["nice", "-n", "19", "gzip", "-f", path];
      const result = await host.run(argv, { signal, timeout: 30 * 60_000 });
      if (result.status !== 0) throw new Error(`compress ${path}: ${commandSaid(result)}`);
    },
    problem: (desired) => (latest === undefined ? undefined : overfull(desired, latest)),
    bytes: () => latest?.files.reduce((sum, file) => sum + file.bytes, 0) ?? 0,
  };
}

/** Every file of the log. */
export async function listLog(host: Host, store: string): Promise<readonly LogFile[]> {
  const files: LogFile[] = [];
  for (const name of await host.list(store))
    for (const file of await host.list(`${store}/${name}`)) {
      const found = logFile(store, name, file);
      if (found !== undefined) files.push(found);
    }
  return files;
}
