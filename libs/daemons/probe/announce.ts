import type { Event } from "@zcloud/events";
import type { Change } from "./monitor.ts";
import type { Door } from "./targets.ts";
import type { FailureKind } from "./verdict.ts";

export type Announcement = Pick<Event, "kind" | "level" | "subject" | "reason">;

export interface AnnounceContext {
  /** `garden/wiki:web` of `garden/wiki/web`. */
  readonly label: (endpoint: string) => string;
  /** What the endpoint's hosts say of it, e.g. `north/zpod1 has no healthy server`; empty if nothing is known. */
  readonly because: (endpoint: string, kind: FailureKind | undefined) => string;
}

/**
 * Events for what changed together. No TCP connection is the door's failure, not the endpoint's: however many endpoints
 * suffer, it is one event. `shut`: sites whose doors are known to be out of reach; changed here.
 */
export function announcements(changes: readonly Change[], shut: Set<string>, context: AnnounceContext): Announcement[] {
  const ofDoors = changes.filter(({ failure }) => failure?.kind === "connect");
  const ofEndpoints = changes.filter(({ failure }) => failure?.kind !== "connect");
  return [...doorEvents(ofDoors, shut), ...endpointEvents(ofEndpoints, context)];
}

function doorEvents(changes: readonly Change[], shut: Set<string>): Announcement[] {
  const bySite = groups(changes, ({ target, to }) => `${target.door.site} ${to}`);
  return bySite.flatMap(([first, ...more]): Announcement[] => {
    if (first === undefined) return [];
    const { door } = first.target;
    const isNews = first.to === "down" ? !shut.has(door.site) : shut.has(door.site);
    if (!isNews) return [];
    const subject = `front door of ${door.site}`;
    if (first.to === "up") {
      shut.delete(door.site);
      return [{ kind: "door-reachable", level: "info", subject, reason: `again, after ${lasted(first)}` }];
    }
    shut.add(door.site);
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    const reason = `${first.failure?.reason} at ${where(door)}; it is the way to ${first.target.name}${others}`;
    return [{ kind: "door-unreachable", level: "error", subject, reason }];
  });
}

function endpointEvents(changes: readonly Change[], { label, because }: AnnounceContext): Announcement[] {
  const alike = groups(
    changes,
    ({ target, to, failure }) => `${target.endpoint} ${to} ${to === "up" ? "" : failure?.reason}`,
  );
  return alike.flatMap((group): Announcement[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { target, to, failure } = first;
    const subject = label(target.endpoint);
    const doors = doorsOf(group.map((one) => one.target.door.site));
    if (to === "up") {
      const reason = `https://${target.name}${target.path} answers again through ${doors}, after ${lasted(first)}`;
      return [{ kind: "endpoint-reachable", level: "info", subject, reason }];
    }
    const why = because(target.endpoint, failure?.kind);
    const reason = `https://${target.name}${target.path} through ${doors}: ${failure?.reason}${why === "" ? "" : `; ${why}`}`;
    return [{ kind: "endpoint-unreachable", level: "error", subject, reason }];
  });
}

/** `the front door of north`, `the front doors of north and south`. */
export function doorsOf(sites: readonly string[]): string {
  const sorted = [...new Set(sites)].sort();
  return sorted.length === 1 ? `the front door of ${sorted[0]}` : `the front doors of ${sorted.join(" and ")}`;
}

function lasted({ at, before }: Change): string {
  const seconds = Math.max(0, Math.round((at - before) / 1_000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function where({ address, port }: Door): string {
  return `${address}:${port}`;
}

function groups<T>(items: readonly T[], by: (item: T) => string): readonly (readonly T[])[] {
  const found = new Map<string, T[]>();
  for (const item of items) found.set(by(item), [...(found.get(by(item)) ?? []), item]);
  return [...found.values()];
}
