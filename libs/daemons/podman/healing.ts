import type { Container } from "./containers.ts";

/** What is remembered about a container that isn't well: since when, and how often it was started again for it. */
export interface Sickness {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly attempts: number;
  readonly nextAt: number;
}

export interface Healing {
  readonly restart: readonly Container[];
  readonly sick: ReadonlyMap<string, Sickness>;
}

/** Milliseconds that a container may be unhealthy before it is started again; doubled after each attempt, up to 5 minutes. */
const patience = 10_000;
const longest = 300_000;
/** So long after it became well, its earlier attempts are forgotten. */
const forgiven = 600_000;

/**
 * podman starts again what has ended; what runs but does not answer (stopped by a signal, dead-locked) it only calls
 * unhealthy. Those are started again here, with growing patience.
 */
export function heal(containers: readonly Container[], sick: ReadonlyMap<string, Sickness>, now: number): Healing {
  const restart: Container[] = [];
  const next = new Map<string, Sickness>();
  for (const one of containers) {
    const known = sick.get(one.id);
    const unwell = one.state === "running" && one.health === "unhealthy";
    if (!unwell) {
      if (known !== undefined && now - known.since < forgiven + patience) next.set(one.id, known);
    } else if (known === undefined) {
      next.set(one.id, { since: now, attempts: 0, nextAt: now + patience });
    } else if (now >= known.nextAt) {
      const attempts = known.attempts + 1;
      restart.push(one);
      next.set(one.id, { since: now, attempts, nextAt: now + Math.min(patience * 2 ** attempts, longest) });
    } else next.set(one.id, known);
  }
  return { restart, sick: next };
}
