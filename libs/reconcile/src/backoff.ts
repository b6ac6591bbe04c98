/** How long a loop waits after its n-th failure in a row. */
export interface Backoff {
  /** Milliseconds after the first failure. */
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Share of the delay that is random, 0 to 1: keeps hosts that failed together from trying together. */
  readonly jitter: number;
  /** In [0, 1). */
  readonly random: () => number;
}

export const defaultBackoff: Backoff = { initialMs: 500, factor: 2, maxMs: 30_000, jitter: 0.3, random: Math.random };

/** Milliseconds to wait after `failures` (1 or more) failures in a row: at most `maxMs`, at least `maxMs * (1 - jitter)` in the end. */
export function backoffDelay(backoff: Backoff, failures: number): number {
  const exponent = Math.max(0, failures - 1);
  const full = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** exponent);
  return Math.round(full * (1 - backoff.jitter * backoff.random()));
}
