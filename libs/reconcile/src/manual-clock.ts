import type { Clock } from "./clock.ts";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves the time, calling what becomes due in its order, and lets what that started come to rest. */
  advance(ms: number): Promise<void>;
  /** Lets promises come to rest without moving the time. */
  settle(): Promise<void>;
  /** Timers that wait. */
  pending(): number;
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Turns of the microtask queue that any chain of promises in a test needs at most. */
const turns = 50;

export function manualClock(start = 0): ManualClock {
  const timers = new Set<Timer>();
  let now = start;

  async function settle(): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  }

  function nextBefore(limit: number): Timer | undefined {
    return [...timers].filter((timer) => timer.due <= limit).sort((a, b) => a.due - b.due)[0];
  }

  return {
    now: () => now,
    after(ms, callback) {
      const timer = { due: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const limit = now + ms;
      await settle();
      for (let timer = nextBefore(limit); timer !== undefined; timer = nextBefore(limit)) {
        timers.delete(timer);
        now = timer.due;
        timer.callback();
        await settle();
      }
      now = limit;
    },
    settle,
    pending: () => timers.size,
  };
}
