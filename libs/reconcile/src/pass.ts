import { asError, NotConvergedError } from "./errors.ts";
import type { Action, Reconciler } from "./reconciler.ts";

/** The signals of a pass: reading stops at once, writing only after a grace, so that an action under way can finish. */
export interface PassSignals {
  /** Aborts at a stop or at the deadline. */
  readonly read: AbortSignal;
  /** Aborts at the deadline, or some grace after a stop. */
  readonly write: AbortSignal;
}

export interface PassHooks<A extends Action> {
  planned?(actions: readonly A[]): void;
  applying?(action: A): void;
  applied?(action: A): void;
  /** What was done by memory failed; the pass goes on with a look. */
  misremembered?(error: Error): void;
}

/**
 * One pass: do what is to be done by what was seen last, if the reconciler recalls it; then observe, plan, apply each
 * action in order, observe again and expect an empty plan.
 * Returns what was applied. Throws what observe, plan or apply threw, NotConvergedError, or the signals' reason.
 */
export async function runPass<D, O, A extends Action>(
  reconciler: Reconciler<D, O, A>,
  desired: D,
  signals: PassSignals,
  hooks: PassHooks<A> = {},
): Promise<readonly A[]> {
  const early = await applyRecalled(reconciler, desired, signals, hooks);
  const actions = await observeAndPlan(reconciler, desired, signals.read);
  hooks.planned?.(actions);
  if (actions.length === 0) return early;
  await applyAll(reconciler, actions, signals, hooks);
  const remaining = await observeAndPlan(reconciler, desired, signals.read);
  if (remaining.length > 0) throw new NotConvergedError(reconciler.name, remaining);
  return [...early, ...actions];
}

/** What it did by memory alone. A failure says no more than that the memory was wrong: the look that follows knows better. */
async function applyRecalled<D, O, A extends Action>(
  reconciler: Reconciler<D, O, A>,
  desired: D,
  signals: PassSignals,
  hooks: PassHooks<A>,
): Promise<readonly A[]> {
  const done: A[] = [];
  try {
    const recalled = await reconciler.recall?.(signals.read);
    if (recalled === undefined) return done;
    const applied = (action: A): void => {
      done.push(action);
      hooks.applied?.(action);
    };
    await applyAll(reconciler, reconciler.plan(desired, recalled), signals, { ...hooks, applied });
  } catch (error) {
    signals.read.throwIfAborted();
    signals.write.throwIfAborted();
    hooks.misremembered?.(asError(error));
  }
  return done;
}

async function applyAll<D, O, A extends Action>(
  reconciler: Reconciler<D, O, A>,
  actions: readonly A[],
  signals: PassSignals,
  hooks: PassHooks<A>,
): Promise<void> {
  for (const action of actions) {
    signals.read.throwIfAborted();
    hooks.applying?.(action);
    await reconciler.apply(action, signals.write);
    hooks.applied?.(action);
  }
}

/** The plan as it would be applied now; reads only. */
export async function observeAndPlan<D, O, A extends Action>(
  reconciler: Reconciler<D, O, A>,
  desired: D,
  signal: AbortSignal,
): Promise<readonly A[]> {
  signal.throwIfAborted();
  const observed = await reconciler.observe(signal);
  signal.throwIfAborted();
  return reconciler.plan(desired, observed);
}
