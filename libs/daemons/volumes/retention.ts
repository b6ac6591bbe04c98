import type { Snapshot } from "./volume.ts";

/**
 * Of how many hours, days and weeks (UTC) the newest snapshot is kept. Only those that have one count, so that a clock that is wrong, or
 * a host that was off, drops nothing.
 */
export interface Retention {
  readonly hours: number;
  readonly days: number;
  readonly weeks: number;
}

export const retention: Retention = { hours: 24, days: 14, weeks: 8 };

const hour = 3_600_000;
const day = 24 * hour;
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const weekOf = (at: number): number => Math.floor((at + 3 * day) / (7 * day));

const prefix = "scheduled-";

/** `scheduled-20261123T2000Z`; at most one a minute. */
export function scheduledName(at: number): string {
  return `${prefix}${new Date(at)
    .toISOString()
    .replace(/[-:]|:\d\d\.\d+/g, "")
    .slice(0, 13)}Z`;
}

/** Undefined: that one is not of ours. */
function timeOf(name: string): number | undefined {
  const found = /^scheduled-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z$/.exec(name);
  if (found === null) return undefined;
  const [, year, month, date, hours, minutes] = found;
  const at = Date.parse(`${year}-${month}-${date}T${hours}:${minutes}:00Z`);
  return Number.isNaN(at) ? undefined : at;
}

export interface SnapshotPlan {
  /** Name of one that is due. */
  readonly take: string | undefined;
  /** Of ours that nobody needs any more; what an operator made stays. */
  readonly drop: readonly string[];
}

/** @param now milliseconds since the epoch */
export function planSnapshots(
  now: number,
  snapshots: readonly Pick<Snapshot, "name">[],
  keep: Retention,
): SnapshotPlan {
  const ours = snapshots
    .flatMap(({ name }) => {
      const at = timeOf(name);
      return at === undefined ? [] : [{ name, at }];
    })
    .sort((a, b) => b.at - a.at);
  const hourOf = (at: number) => Math.floor(at / hour);
  const due = !ours.some(({ at }) => hourOf(at) === hourOf(now));
  const take = due ? scheduledName(now) : undefined;
  const all = due ? [{ name: scheduledName(now), at: now }, ...ours] : ours;
  const needed = new Set<string>();
  const periods = [
    [hourOf, keep.hours],
    [(at: number) => Math.floor(at / day), keep.days],
    [weekOf, keep.weeks],
  ] as const;
  for (const [of, most] of periods) {
    const newest = new Map<number, string>();
    for (const { name, at } of all) if (newest.size < most && !newest.has(of(at))) newest.set(of(at), name);
    for (const name of newest.values()) needed.add(name);
  }
  return { take, drop: ours.flatMap(({ name }) => (needed.has(name) ? [] : [name])) };
}
