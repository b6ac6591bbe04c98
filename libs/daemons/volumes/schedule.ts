import { type Clock, pause, steadyClock } from "@zcloud/reconcile";
import { type VolumeId, volumeName } from "./name.ts";
import { planSnapshots, type Retention, retention } from "./retention.ts";
import type { Volume } from "./volume.ts";
import type { Volumes } from "./volumes.ts";

/** Days after which nobody is expected to want something back from the trash. */
export const trashDays = 14;

/** What the world is told. */
export interface ScheduleNews {
  readonly kind: "volume-purged" | "volume-snapshot-failed";
  readonly level: "info" | "warning";
  readonly subject: string;
  readonly reason: string;
}

export interface ScheduleOptions {
  readonly volumes: Volumes;
  /** Whether it is this host's turn: one alone does it. */
  readonly turn: () => boolean;
  /** Why the time of day is not to be believed; undefined: it is. By a wrong one the trash would be emptied too early. */
  readonly clockFault: () => Promise<string | undefined>;
  readonly told: (news: ScheduleNews) => void;
  readonly signal: AbortSignal;
  /** The time of day, by which snapshots are named. */
  readonly clock: Pick<Clock, "now">;
  readonly steady?: Clock;
  readonly keep?: Retention;
}

/** Milliseconds between two looks at what is due. */
const every = 300_000;
/** Milliseconds before the first: a cluster that comes up has other things to do. */
const first = 30_000;

/** Takes snapshots of all volumes every hour, drops what nobody needs any more, and empties the trash, until the signal. */
export async function keepSchedule(options: ScheduleOptions): Promise<void> {
  const { signal, steady = steadyClock } = options;
  for (let wait = first; !signal.aborted; wait = every) {
    await pause(steady, wait, signal);
    // Asked every time: it remembers when the clock was right.
    const fault = await options.clockFault();
    if (!signal.aborted && options.turn() && fault === undefined) await lookOnce(options);
  }
}

/** Once over all volumes; what fails at one stops nobody else's. */
export async function lookOnce(options: Omit<ScheduleOptions, "turn" | "clockFault" | "steady">): Promise<void> {
  const { volumes, told, signal, clock, keep = retention } = options;
  const found = await volumes.list(signal).catch(() => []);
  for (const volume of found) {
    if (signal.aborted) return;
    await (volume.trashedAt === undefined ? snapshots(volume) : trash(volume, volume.trashedAt));
  }

  async function snapshots({ id, state, snapshots: there }: Volume): Promise<void> {
    if (state !== "ready") return;
    const { take, drop } = planSnapshots(clock.now(), there, keep);
    await tried(id, async () => {
      if (take !== undefined) await volumes.snapshot(id, take, signal);
      for (const name of drop) await volumes.removeSnapshot(id, name, signal);
    });
  }

  async function trash({ id }: Volume, since: string): Promise<void> {
    if (clock.now() - Date.parse(since) < trashDays * 86_400_000) return;
    await tried(id, async () => {
      await volumes.purge(id, signal);
      const reason = `it lay in the trash for ${trashDays} days`;
      told({ kind: "volume-purged", level: "info", subject: volumeName(id), reason });
    });
  }

  async function tried(id: VolumeId, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      told({ kind: "volume-snapshot-failed", level: "warning", subject: volumeName(id), reason });
    }
  }
}
