/** What this site knows of the other. `unknown`: there is no word on the link, because the bus here does not answer. */
export interface PeerState {
  readonly name?: string;
  readonly state: "none" | "reachable" | "away" | "unknown";
  /** Seconds since the copy of its endpoints was confirmed; undefined if it never was. */
  readonly age?: number;
}

/** Mirrors are asked every 5 s, and hear from the peer every second; a slow minute is no cut. */
const patience = 30_000;

export function peerState(name: string | undefined, age: number | undefined, connected: boolean): PeerState {
  if (name === undefined) return { state: "none" };
  const seconds = age === undefined ? {} : { age: Math.round(age / 1_000) };
  if (age !== undefined && age <= patience) return { name, state: "reachable", ...seconds };
  return { name, state: connected ? "away" : "unknown", ...seconds };
}
