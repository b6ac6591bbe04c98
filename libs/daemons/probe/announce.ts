import type { Event } from "@zcloud/events";
import type { Change } from "./monitor.ts";
import type { Door, Target } from "./targets.ts";
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
 * suffer, it is one event. `shut`: doors (`doorKey`) that are known to be out of reach; changed here.
 */
export function announcements(changes: readonly Change[], shut: Set<string>, context: AnnounceContext): Announcement[] {
  const ofDoors = changes.filter(({ failure }) => failure?.kind === "connect");
  const ofEndpoints = changes.filter(({ failure }) => failure?.kind !== "connect");
  return [...doorEvents(ofDoors, shut), ...endpointEvents(ofEndpoints, context)];
}

function doorEvents(changes: readonly Change[], shut: Set<string>): Announcement[] {
  // The door itself first: with it every port is out of reach, which is no news then.
  const ordered = [...changes].sort((a, b) => (a.target.port ?? 0) - (b.target.port ?? 0));
  const byDoor = groups(ordered, ({ target, to }) => `${doorKey(target)} ${to}`);
  return byDoor.flatMap(([first, ...more]): Announcement[] => {
    if (first === undefined) return [];
    const { door, port } = first.target;
    const key = doorKey(first.target);
    const isNews = first.to === "down" ? !shut.has(key) && !shut.has(door.site) : shut.has(key);
    if (!isNews) return [];
    const subject = `${port === undefined ? "" : `port ${port} of the `}front door of ${door.site}`;
    if (first.to === "up") {
      shut.delete(key);
      return [{ kind: "door-reachable", level: "info", subject, reason: `again, after ${lasted(first)}` }];
    }
    shut.add(key);
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    const reason = `${first.failure?.reason} at ${where(door)}; it is the way to ${first.target.name}${others}`;
    return [{ kind: "door-unreachable", level: "error", subject, reason }];
  });
}

/** What is out of reach where no connection comes about: a site's front door, or one port of it. */
export function doorKey({ door, port }: Target): string {
  return port === undefined ? door.site : `${door.site}:${port}`;
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
      const reason = `${addressOf(target)} answers again through ${doors}, after ${lasted(first)}`;
      return [{ kind: "endpoint-reachable", level: "info", subject, reason }];
    }
    const why = because(target.endpoint, failure?.kind);
    const reason = `${addressOf(target)} through ${doors}: ${failure?.reason}${why === "" ? "" : `; ${why}`}`;
    return [{ kind: "endpoint-unreachable", level: "error", subject, reason }];
  });
}

function addressOf({ name, path, port }: Target): string {
  return port === undefined ? `https://${name}${path}` : name;
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
