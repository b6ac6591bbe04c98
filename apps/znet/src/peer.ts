/** What this site knows of the other. `unknown`: the bus here does not answer, or has only begun to ask. */
export interface PeerState {
  readonly name?: string;
  readonly state: "none" | "reachable" | "away" | "unknown";
  /** Seconds since the copy of its endpoints was confirmed; undefined if it never was. */
  readonly age?: number;
}

/** Mirrors are asked every 5 s, and hear from the peer every second; a slow minute is no cut. */
const patience = 30_000;

/** So long a leafnode and its mirrors may take to come about after a start. */
export const settling = 60_000;

/** @param connected milliseconds for which the bus here may have asked; undefined: it does not answer */
export function peerState(name: string | undefined, age: number | undefined, connected: number | undefined): PeerState {
  if (name === undefined) return { state: "none" };
  const seconds = age === undefined ? {} : { age: Math.round(age / 1_000) };
  if (age !== undefined && age <= patience) return { name, state: "reachable", ...seconds };
  return { name, state: connected !== undefined && connected >= settling ? "away" : "unknown", ...seconds };
}
