import { type Backoff, backoffDelay, defaultBackoff } from "./backoff.ts";
import { type Clock, pause } from "./clock.ts";
import { sameValue } from "./equal.ts";
import { asError, DeadlineError, StoppedError } from "./errors.ts";
import { observeAndPlan, runPass } from "./pass.ts";
import { type Action, type Reconciler, TerminalError } from "./reconciler.ts";

/**
 * idle: nothing is desired yet. converged: the last pass found or made everything right. pending: a pass is due or
 * under way. backing-off: the last pass failed, the next is timed. terminal: trying again cannot help.
 */
export type LoopPhase = "idle" | "converged" | "pending" | "backing-off" | "terminal";

export interface LoopState {
  readonly phase: LoopPhase;
  /** A pass is under way right now. */
  readonly running: boolean;
  /** Passes finished since start. */
  readonly passes: number;
  /** Failures in a row; 0 after a success. */
  readonly failures: number;
  /** Of the last failed pass; undefined after a success. */
  readonly error: { readonly code: string; readonly message: string; readonly at: number } | undefined;
  /** What `generation()` said when the last successful pass began; undefined before the first one. */
  readonly generation: number | undefined;
  /** When the next timed attempt is due, milliseconds since the epoch; only while backing off. */
  readonly retryAt: number | undefined;
  /** When a pass last succeeded, milliseconds since the epoch. */
  readonly convergedAt: number | undefined;
}

export type PassResult = "unchanged" | "changed" | "error" | "terminal" | "deadline" | "stopped";

/** One finished pass, for logs, metrics and events. */
export interface PassRecord {
  readonly loop: string;
  /** Counts from 1; in logs, it is the id of the pass. */
  readonly pass: number;
  readonly result: PassResult;
  /** What was applied, also by a pass that failed later. */
  readonly applied: readonly Action[];
  /** Milliseconds that each of them took. */
  readonly tookMs: readonly number[];
  readonly durationMs: number;
  readonly error: Error | undefined;
  /** Why what was done by memory failed (Reconciler.recall); the pass looked then, and went on. */
  readonly misremembered: Error | undefined;
  /** What triggered it: for logs alone, the pass never knew. */
  readonly reasons: readonly string[];
}

export interface LoopObserver {
  passEnded?(record: PassRecord): void;
  /** After every change of phase. */
  stateChanged?(state: LoopState): void;
}

export interface LoopOptions<D, O, A extends Action> {
  readonly reconciler: Reconciler<D, O, A>;
  /** What should be, now; undefined while nothing is known. Cheap and pure: it is asked at every trigger. */
  readonly desired: () => D | undefined;
  readonly clock: Clock;
  readonly observer?: LoopObserver;
  /** Version of the input, e.g. the map's generation. */
  readonly generation?: () => number;
  /** A pass may take this long; 60,000 by default. */
  readonly deadlineMs?: number;
  /** A pass happens at least this often, so that drift is found; 60,000 by default. A function is asked after each pass. */
  readonly resyncMs?: number | (() => number);
  readonly backoff?: Partial<Backoff>;
  /** After a stop, an action under way has this long before its signal aborts; 3,000 by default. */
  readonly stopGraceMs?: number;
}

export interface TriggerOptions {
  /** Try now although the loop backs off or is terminal and the desired state is the same: for a new map, or an operator's wish. */
  readonly retry?: boolean;
}

export interface Loop<D = unknown> {
  readonly name: string;
  /** Something may have changed. The reason is for logs only. Triggers during a pass make exactly one further pass. */
  trigger(reason: string, options?: TriggerOptions): void;
  /** Runs until the signal aborts; resolves when no action is under way any more. Never rejects. */
  start(signal: AbortSignal): Promise<void>;
  /** The plan for a desired state, without effects. */
  preview(desired: D, signal?: AbortSignal): Promise<readonly Action[]>;
  state(): LoopState;
}

const initialState: LoopState = {
  phase: "pending",
  running: false,
  passes: 0,
  failures: 0,
  error: undefined,
  generation: undefined,
  retryAt: undefined,
  convergedAt: undefined,
};

/** Drives one reconciler: level-triggered, one pass at a time. */
export function createLoop<D, O, A extends Action>(options: LoopOptions<D, O, A>): Loop<D> {
  const { reconciler, clock } = options;
  const deadlineMs = options.deadlineMs ?? 60_000;
  const { resyncMs = 60_000 } = options;
  const stopGraceMs = options.stopGraceMs ?? 3_000;
  const backoff: Backoff = { ...defaultBackoff, ...options.backoff };
  let state = initialState;
  let reasons: string[] = ["start"];
  let retryNow = false;
  /** What the last failed pass wanted: a different wish is worth an attempt at once. */
  let failedDesired: { readonly value: Wish<D> } | undefined;
  let wake: (() => void) | undefined;

  function update(change: Partial<LoopState>): void {
    const before = state;
    state = { ...state, ...change };
    if (before.phase !== state.phase) options.observer?.stateChanged?.(state);
  }

  function trigger(reason: string, how: TriggerOptions = {}): void {
    note(reason);
    if (how.retry === true) retryNow = true;
    wake?.();
  }

  /** Bounded: a loop that waits long is triggered often. */
  function note(reason: string): void {
    if (!reasons.includes(reason) && reasons.length < 16) reasons.push(reason);
  }

  /** A failed loop only tries again early if something is different. */
  function worthATry(): boolean {
    return failedDesired === undefined || retryNow || !sameValue(wish(options), failedDesired.value);
  }

  async function onePass(desired: Wish<D>, stop: AbortSignal): Promise<void> {
    const generation = options.generation?.();
    const started = clock.now();
    const causes = reasons;
    reasons = [];
    retryNow = false;
    const applied: A[] = [];
    const tookMs: number[] = [];
    let actionStarted = started;
    let misremembered: Error | undefined;
    const read = new AbortController();
    const write = new AbortController();
    let cancelGrace: (() => void) | undefined;
    const onStop = (): void => {
      const reason = new StoppedError(reconciler.name);
      read.abort(reason);
      cancelGrace = clock.after(stopGraceMs, () => write.abort(reason));
    };
    const cancelDeadline = clock.after(deadlineMs, () => {
      const reason = new DeadlineError(reconciler.name, deadlineMs);
      read.abort(reason);
      write.abort(reason);
      // A reconciler that ignores its signal keeps the pass open; whoever looks must still see why nothing happens.
      update({ error: describe(reason, clock.now()) });
    });
    stop.addEventListener("abort", onStop, { once: true });
    update({ phase: "pending", running: true, retryAt: undefined });
    let thrown: Error | undefined;
    try {
      if (desired.error !== undefined) throw desired.error;
      const signals = { read: read.signal, write: write.signal };
      await runPass(reconciler, desired.value as D, signals, {
        applying() {
          actionStarted = clock.now();
        },
        applied(action) {
          applied.push(action);
          tookMs.push(clock.now() - actionStarted);
        },
        misremembered(error) {
          misremembered = error;
        },
      });
    } catch (error) {
      // Whatever an aborted call throws, the reason of the abort is what happened.
      thrown = read.signal.aborted ? asError(read.signal.reason) : asError(error);
    } finally {
      cancelDeadline();
      cancelGrace?.();
      stop.removeEventListener("abort", onStop);
    }
    const result = passResult(thrown, applied);
    settle(result, thrown, desired, generation);
    const durationMs = clock.now() - started;
    const pass = state.passes;
    options.observer?.passEnded?.({
      loop: reconciler.name,
      pass,
      result,
      applied,
      tookMs,
      durationMs,
      error: thrown,
      misremembered,
      reasons: causes,
    });
  }

  function settle(
    result: PassResult,
    thrown: Error | undefined,
    desired: Wish<D>,
    generation: number | undefined,
  ): void {
    const passes = state.passes + 1;
    if (thrown === undefined) {
      failedDesired = undefined;
      const phase = reasons.length > 0 ? "pending" : "converged";
      update({ phase, running: false, passes, failures: 0, error: undefined, generation, convergedAt: clock.now() });
      return;
    }
    if (result === "stopped") {
      update({ running: false, passes });
      return;
    }
    failedDesired = { value: desired };
    const failures = state.failures + 1;
    const error = describe(thrown, clock.now());
    if (result === "terminal") {
      update({ phase: "terminal", running: false, passes, failures, error });
    } else {
      const retryAt = clock.now() + backoffDelay(backoff, failures);
      update({ phase: "backing-off", running: false, passes, failures, error, retryAt });
    }
  }

  /** Waits for a trigger that counts, or for the timer of the current phase. */
  async function waitForWork(stop: AbortSignal): Promise<void> {
    const timeout =
      state.retryAt === undefined
        ? resyncDelay(typeof resyncMs === "number" ? resyncMs : resyncMs(), backoff)
        : Math.max(0, state.retryAt - clock.now());
    const woken = new AbortController();
    const onStop = (): void => woken.abort();
    stop.addEventListener("abort", onStop, { once: true });
    wake = (): void => {
      if (worthATry()) woken.abort();
    };
    if (reasons.length > 0) wake();
    const timer = state.retryAt === undefined ? "resync" : "retry";
    await pause(clock, timeout, woken.signal);
    wake = undefined;
    stop.removeEventListener("abort", onStop);
    if (!woken.signal.aborted) note(timer);
  }

  async function start(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const due = state.retryAt === undefined ? state.phase !== "terminal" || worthATry() : true;
      const desired = wish(options);
      if (desired.error === undefined && desired.value === undefined) {
        reasons = [];
        failedDesired = undefined;
        update({ phase: "idle", retryAt: undefined, error: undefined, failures: 0 });
      } else if (due) {
        await onePass(desired, stop);
      }
      if (!stop.aborted) await waitForWork(stop);
    }
  }

  return {
    name: reconciler.name,
    trigger,
    start,
    preview: (desired, signal = new AbortController().signal) => observeAndPlan(reconciler, desired, signal),
    state: () => state,
  };
}

function passResult(thrown: Error | undefined, applied: readonly Action[]): PassResult {
  if (thrown === undefined) return applied.length > 0 ? "changed" : "unchanged";
  if (thrown instanceof StoppedError) return "stopped";
  if (thrown instanceof DeadlineError) return "deadline";
  return thrown instanceof TerminalError ? "terminal" : "error";
}

/** What `desired()` said: a mistake in it is a failed pass like any other, not the end of the loop. */
interface Wish<D> {
  readonly value: D | undefined;
  readonly error: Error | undefined;
}

function wish<D>(options: { readonly desired: () => D | undefined }): Wish<D> {
  try {
    return { value: options.desired(), error: undefined };
  } catch (error) {
    return { value: undefined, error: asError(error) };
  }
}

function describe(error: Error, at: number): NonNullable<LoopState["error"]> {
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return { code, message: error.message, at };
}

/** Up to a tenth shorter, so that many loops do not all wake in the same second. */
function resyncDelay(resyncMs: number, backoff: Backoff): number {
  return Math.round(resyncMs * (1 - 0.1 * backoff.random()));
}
