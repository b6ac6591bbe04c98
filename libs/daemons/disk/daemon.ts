import { commandSaid, type Host } from "@zcloud/host";
import type { Action, Reconciler } from "@zcloud/reconcile";
import { type Disk, dfColumns, localMounts, parseDf } from "./mounts.ts";

export interface DisksOptions {
  readonly host: Host;
  /** Called with every look. */
  readonly seen?: (disks: readonly Disk[]) => void;
}

export interface Disks extends Reconciler<object, readonly Disk[], Action> {
  /** As of the last look. */
  disks(): readonly Disk[];
}

/** Knows how full a host's own file systems are. There is nothing that it does about it: what gives way is its owner's. */
export function createDisks({ host, seen }: DisksOptions): Disks {
  let latest: readonly Disk[] = [];
  return {
    name: "disks",
    async observe(signal) {
      const places = localMounts((await host.read("/proc/self/mountinfo")) ?? "");
      const result = await host.run(["df", "--block-size=1", dfColumns, "--", ...places], { signal, timeout: 5_000 });
      // One that is gone in the meantime is complained of; the others are told.
      const disks = parseDf(result.stdout);
      if (disks.length === 0) throw new Error(`look how full the disks are: ${commandSaid(result)}`);
      latest = disks;
      seen?.(disks);
      return disks;
    },
    plan: () => [],
    apply: async () => {},
    disks: () => latest,
  };
}
