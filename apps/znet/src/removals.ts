import type { BusAdmin, Replica } from "@zcloud/bus";
import type { RemovedStack } from "@zcloud/events";
import type { Action, Clock, Reconciler } from "@zcloud/reconcile";

/**
 * So long (milliseconds) the bucket says that a stack was removed. A host that was off for longer keeps what it runs,
 * and says that the bus has no word of it.
 */
export const keptFor = 30 * 86_400_000;

export interface ForgetRemoval extends Action {
  readonly kind: "forget-removal";
  readonly mark: RemovedStack;
}

export interface RemovalsOptions {
  readonly stacks: Pick<Replica<"stacks">, "entries" | "fresh">;
  readonly admin: Pick<BusAdmin, "forgetStack">;
  readonly clock: Clock;
}

export interface RemovalsObserved {
  readonly now: number;
  readonly marks: readonly RemovedStack[];
}

/** Takes words of removal out of the bucket when nobody needs them any more. Other entries are never touched. */
export class RemovalsReconciler implements Reconciler<object, RemovalsObserved, ForgetRemoval> {
  readonly name = "removals";
  readonly #options: RemovalsOptions;
  /** Out of the bucket, and perhaps not yet out of our copy. */
  readonly #forgotten = new Set<string>();

  constructor(options: RemovalsOptions) {
    this.#options = options;
  }

  async observe(): Promise<RemovalsObserved> {
    const { stacks, clock } = this.#options;
    const entries = stacks.fresh() ? [...stacks.entries().values()] : [];
    const marks = entries.filter((entry) => entry.removed === true);
    return { now: clock.now(), marks: marks.filter((mark) => !this.#forgotten.has(print(mark))) };
  }

  plan(_desired: object, { now, marks }: RemovalsObserved): readonly ForgetRemoval[] {
    return marks
      .filter(({ removedAt }) => now - Date.parse(removedAt) > keptFor)
      .map((mark) => {
        const subject = `${mark.tenant}/${mark.project}`;
        return { kind: "forget-removal", change: "-", subject, summary: "forget that it was removed", mark };
      });
  }

  async apply({ mark }: ForgetRemoval): Promise<void> {
    await this.#options.admin.forgetStack(mark);
    this.#forgotten.add(print(mark));
  }
}

const print = ({ tenant, project, removedAt }: RemovedStack): string => `${tenant}/${project} ${removedAt}`;
