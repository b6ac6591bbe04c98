/** Seconds by which a clock must be set to count as set: chronyd sets one that is a second off. */
const least = 0.5;

/** Notices that this machine's clock was set, by another clock of it that nobody can set. Both in milliseconds. */
export function watchJumps(wall: () => number, steady: () => number): { look(): number | undefined } {
  let ahead = wall() - steady();
  return {
    /** Seconds by which it was set since the last look, forward or (negative) back; undefined: it was not. */
    look() {
      const now = wall() - steady();
      const by = (now - ahead) / 1_000;
      ahead = now;
      return Math.abs(by) < least ? undefined : by;
    },
  };
}
