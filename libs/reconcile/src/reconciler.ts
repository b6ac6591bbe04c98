/** What a plan is made of: one change, as the operator reads it. Payload fields belong to the reconciler. */
export interface Action {
  /** Verb of the reconciler's own vocabulary, e.g. `write-file`, `add-server`. */
  readonly kind: string;
  readonly change: "+" | "~" | "-";
  /** What is changed, as the user wrote it: `haproxy.cfg`, `wiki.garden.example.net`. */
  readonly subject: string;
  /** One line for people: `-> garden/wiki:web, peer south`. */
  readonly summary: string;
  /** For volumes: what happens to the data. */
  readonly fate?: "kept" | "created" | "moved" | "trashed";
  /** The change in full (e.g. a unified diff), shown on demand. */
  readonly detail?: string;
}

/**
 * Keeps one thing as it should be. `plan` is pure. `observe` only reads. `apply` only writes, is idempotent, and
 * may be repeated after a crash at any point. None of them knows why it was called.
 */
export interface Reconciler<Desired, Observed, A extends Action = Action> {
  readonly name: string;
  observe(signal: AbortSignal): Promise<Observed>;
  /**
   * What it saw last, where looking at everything takes long: a pass first does what is to be done by it, and looks after
   * that. Undefined if it can't be relied on. Whatever comes of it, the pass then observes, as if nothing had been done.
   */
  recall?(signal: AbortSignal): Promise<Observed | undefined>;
  plan(desired: Desired, observed: Observed): readonly A[];
  apply(action: A, signal: AbortSignal): Promise<void>;
}

/** Thrown by apply or observe when trying again cannot help; the loop then waits for a new desired state. */
export class TerminalError extends Error {
  readonly code = "TERMINAL";
}
