import { type Clock, pause } from "@zcloud/reconcile";
import type { PodmanApi, PodmanEvent } from "./api.ts";
import type { Container } from "./containers.ts";

export interface WatchLogger {
  debug(data: object, message: string): void;
  warn(data: object, message: string): void;
}

export interface WatchOptions {
  readonly api: Pick<PodmanApi, "containers" | "follow">;
  readonly clock: Clock;
  readonly log: WatchLogger;
}

/** Events come in bursts: so long (milliseconds) after the first of them the containers are listed once. */
const burst = 40;
/** A listing happens at least this often; events can get lost. */
const atLeast = 15_000;
const firstRetry = 250;
const longestRetry = 5_000;

/**
 * Keeps a copy of the stacks' containers: lists them after every (re)connect, after events, and now and then.
 * Reading the copy never waits for podman.
 */
export class ContainerWatch {
  readonly #options: WatchOptions;
  readonly #listeners = new Set<() => void>();
  #containers: readonly Container[] | undefined;
  #error: string | undefined;
  #due = false;
  #wake: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** As last listed; undefined before the first listing. */
  containers(): readonly Container[] | undefined {
    return this.#containers;
  }

  /** Why the copy may be old; undefined if it isn't. */
  error(): string | undefined {
    return this.#error;
  }

  /** Called after every listing that differs from the one before. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something happened that podman may not report. */
  refresh(): void {
    this.#due = true;
    this.#wake?.();
  }

  /** Runs until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#followForever(signal), this.#listForever(signal)]);
  }

  async #followForever(signal: AbortSignal): Promise<void> {
    const { api, clock, log } = this.#options;
    let delay = firstRetry;
    while (!signal.aborted) {
      try {
        await api.follow(
          () => {
            delay = firstRetry;
            this.refresh();
          },
          (event) => {
            if (this.#matters(event)) this.refresh();
          },
          signal,
        );
      } catch (error) {
        log.debug({ error }, "podman's events are not to be had");
      }
      this.refresh();
      await pause(clock, delay, signal);
      delay = Math.min(delay * 2, longestRetry);
    }
  }

  /** health_status comes with every probe; only another state than the known one is news. */
  #matters({ Action, HealthStatus, Actor }: PodmanEvent): boolean {
    if (Action !== "health_status") return !["exec", "exec_died", "exec_create", "exec_start"].includes(Action);
    return this.#containers?.find(({ id }) => id === Actor.ID)?.health !== HealthStatus;
  }

  async #listForever(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#due = false;
      await this.#list(signal);
      if (!this.#due) await this.#wait(atLeast, signal);
      await pause(clock, this.#error === undefined ? burst : firstRetry, signal);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { api, log } = this.#options;
    try {
      const containers = await api.containers(signal);
      const changed = JSON.stringify(containers, withMaps) !== JSON.stringify(this.#containers, withMaps);
      this.#containers = containers;
      this.#error = undefined;
      if (changed) for (const listener of this.#listeners) listener();
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      if (this.#error !== message)
        log.warn({ error: message }, "containers can't be listed; the last known ones stand");
      this.#error = message;
    }
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const stop = (): void => woken.abort();
    signal.addEventListener("abort", stop, { once: true });
    await pause(this.#options.clock, ms, woken.signal);
    signal.removeEventListener("abort", stop);
    this.#wake = undefined;
  }
}

const withMaps = (_key: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);
