import type { Stack } from "@zcloud/events";
import type { Clock } from "@zcloud/reconcile";
import type { Outcome } from "./deploy.ts";

/** What a job is made from. */
export interface JobInput {
  readonly fingerprint: string;
  /** The stack that it puts in place or starts; undefined where it takes one away. */
  readonly stack?: Pick<Stack, "digest" | "deployedAt">;
}

export interface Failure extends JobInput {
  /** Of the input that failed; another one is tried at once. */
  readonly fingerprint: string;
  readonly outcome: Exclude<Outcome, { kind: "done" }>;
  readonly attempts: number;
  /** Milliseconds since the epoch; infinite where trying again can't help. */
  readonly retryAt: number;
  /** The pause is over: by a timer, because the clock may have been set meanwhile. */
  readonly due: boolean;
}

const firstDelay = 15_000;
const longestDelay = 300_000;

/**
 * Changes of stacks, each beside the others and one at a time for a stack: a slow image or an unhealthy stack holds
 * up nobody else's. Remembers what failed.
 */
export class StackJobs {
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, Failure>();
  readonly #clock: Clock;
  readonly #changed: () => void;
  readonly #ended: (key: string, outcome: Outcome, repeated: boolean) => void;

  /**
   * @param changed something may be due: a job ended, or a pause is over
   * @param ended after each job; `repeated`: it failed just as the time before
   */
  constructor(clock: Clock, changed: () => void, ended: (key: string, outcome: Outcome, repeated: boolean) => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#ended = ended;
  }

  busy(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  failures(): ReadonlyMap<string, Failure> {
    return this.#failures;
  }

  /** Input that is not to be tried now, by key. */
  waiting(): ReadonlyMap<string, string> {
    const waiting = [...this.#failures].filter(([, { due }]) => !due);
    return new Map(waiting.map(([key, { fingerprint }]) => [key, fingerprint]));
  }

  /** Does nothing if the stack is being changed already: the next pass will see what is left to do. */
  start(key: string, input: JobInput, work: () => Promise<Outcome>): void {
    if (this.#running.has(key)) return;
    const job = work()
      .catch(
        (error: unknown): Outcome => ({
          kind: "failed",
          reason: error instanceof Error ? error.message : String(error),
          rolledBack: false,
        }),
      )
      .then((outcome) => this.#end(key, input, outcome));
    this.#running.set(key, job);
  }

  /** Resolves when no job runs. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #pauseOver(key: string, failure: Failure): void {
    if (this.#failures.get(key) !== failure) return;
    this.#failures.set(key, { ...failure, due: true });
    this.#changed();
  }

  #end(key: string, input: JobInput, outcome: Outcome): void {
    const { fingerprint } = input;
    this.#running.delete(key);
    const before = this.#failures.get(key);
    if (outcome.kind === "done") this.#failures.delete(key);
    else {
      const attempts = before?.fingerprint === fingerprint ? before.attempts + 1 : 1;
      // What ran before runs again: another attempt would only disturb it once more.
      const final = outcome.kind === "refused" || outcome.rolledBack;
      const delay = Math.min(firstDelay * 2 ** (attempts - 1), longestDelay);
      const retryAt = final ? Number.POSITIVE_INFINITY : this.#clock.now() + delay;
      const failure = { ...input, outcome, attempts, retryAt, due: false };
      this.#failures.set(key, failure);
      if (!final) this.#clock.after(delay, () => this.#pauseOver(key, failure));
    }
    this.#ended(
      key,
      outcome,
      outcome.kind !== "done" &&
        before?.fingerprint === fingerprint &&
        JSON.stringify(before.outcome) === JSON.stringify(outcome),
    );
    this.#changed();
  }
}
