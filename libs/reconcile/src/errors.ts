import type { Action } from "./reconciler.ts";

/** One line of a plan, as it stands in messages: `~ haproxy.cfg 3 lines`. */
export function actionLine(action: Action): string {
  return `${action.change} ${action.subject} ${action.summary}`.trimEnd();
}

/** What was applied did not make the plan empty: either something else undoes it, or plan and apply disagree. */
export class NotConvergedError extends Error {
  readonly code = "NOT_CONVERGED";
  readonly remaining: readonly Action[];

  constructor(name: string, remaining: readonly Action[]) {
    const shown = remaining.slice(0, 3).map(actionLine).join("; ");
    const more = remaining.length > 3 ? `; and ${remaining.length - 3} more` : "";
    super(`converge ${name}: did not converge, after applying everything there remains: ${shown}${more}`);
    this.name = "NotConvergedError";
    this.remaining = remaining;
  }
}

/** A pass took longer than it may. */
export class DeadlineError extends Error {
  readonly code = "DEADLINE";

  constructor(name: string, deadlineMs: number) {
    super(`reconcile ${name}: not finished after ${deadlineMs / 1000} s`);
    this.name = "DeadlineError";
  }
}

/** The loop was told to stop; no failure. */
export class StoppedError extends Error {
  readonly code = "STOPPED";

  constructor(name: string) {
    super(`reconcile ${name}: stopped`);
    this.name = "StoppedError";
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
