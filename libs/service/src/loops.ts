import type { Action, Clock, Loop, LoopState, PassRecord } from "@zcloud/reconcile";
import { actionLine, createLoop } from "@zcloud/reconcile";
import type { Logger } from "pino";
import type { MapView } from "./map-view.ts";
import type { ServiceMetrics } from "./metrics.ts";
import type { LoopSpec, NewEvent, RoleLoop, StatusProblem } from "./role.ts";

export interface LoopsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  readonly event: (event: NewEvent) => void;
  readonly view: () => MapView;
  /** The state of some loop is another than before. */
  readonly changed: () => void;
}

/** Failures in a row from which on a failing loop is worth an event: a daemon that restarts takes one or two. */
const worthAnEvent = 3;

/** Makes `ctx.loop`: a loop of libs/reconcile with logs, metrics, events and the map. */
export function loopMaker(options: LoopsOptions): <D, O, A extends Action>(spec: LoopSpec<D, O, A>) => RoleLoop {
  return (spec) => {
    const { name } = spec.reconciler;
    const log = options.log.child({ loop: name });
    const observe = passObserver(options, log, () => loop.state());
    const loop = createLoop({
      reconciler: spec.reconciler,
      desired: () => spec.desired(options.view()),
      generation: () => options.view().generation,
      clock: options.clock,
      observer: {
        passEnded: observe,
        stateChanged(state) {
          options.metrics.loopState(name, state);
          options.changed();
        },
      },
      ...defined({ deadlineMs: spec.deadlineMs, resyncMs: spec.resyncMs, backoff: spec.backoff }),
    });
    for (const source of spec.wakes ?? []) source.onChange(() => loop.trigger("change"));
    return {
      loop: loop as Loop,
      essential: spec.essential ?? true,
      async preview(view, signal) {
        const desired = spec.desired(view);
        return desired === undefined ? [] : loop.preview(desired, signal);
      },
    };
  };
}

function passObserver(options: LoopsOptions, log: Logger, state: () => LoopState): (record: PassRecord) => void {
  let reported = false;
  return (record) => {
    const { pass, result, durationMs, reasons } = record;
    options.metrics.passEnded(record);
    const facts = { pass, result, durationMs, reasons, applied: record.applied.slice(0, 20).map(actionLine) };
    if (record.misremembered !== undefined)
      log.info({ pass, err: record.misremembered }, "what was seen last was no longer so, and was looked at again");
    if (record.error === undefined) {
      if (result === "changed") log.info(facts, "pass changed something");
      else log.debug(facts, "pass found everything right");
      if (reported)
        options.event({ kind: "reconcile-recovered", level: "info", subject: record.loop, reason: "converged again" });
      reported = false;
    } else if (result !== "stopped") {
      log.warn({ ...facts, err: record.error, failures: state().failures }, "pass failed");
      if (!reported && (result === "terminal" || state().failures >= worthAnEvent)) {
        reported = true;
        options.event({ kind: "reconcile-failed", level: "error", subject: record.loop, reason: record.error.message });
      }
    }
    options.changed();
  };
}

/** Without the entries that are undefined, which exactOptionalPropertyTypes keeps apart from absent ones. */
function defined<T extends object>(entries: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as never;
}

/** How /readyz and `zctl status` see a loop. */
export interface LoopReport {
  readonly name: string;
  readonly phase: LoopState["phase"];
  readonly ready: boolean;
  readonly essential: boolean;
  readonly generation: number | undefined;
  readonly passes: number;
  readonly failures: number;
  readonly error: string | undefined;
}

/** A loop is ready when its last pass succeeded, or when there is nothing for it to do. */
export function loopReport({ loop, essential }: RoleLoop): LoopReport {
  const { phase, generation, passes, failures, error, convergedAt } = loop.state();
  const ready = error === undefined && (phase === "idle" || convergedAt !== undefined);
  return { name: loop.name, phase, ready, essential, generation, passes, failures, error: error?.message };
}

export function loopProblems(loops: readonly RoleLoop[]): readonly StatusProblem[] {
  const failing = loops.filter(({ loop }) => loop.state().error !== undefined);
  failing.sort((a, b) => Number(b.essential) - Number(a.essential));
  return failing.map(({ loop }) => {
    const { phase, error } = loop.state();
    const what = `${loop.name}: ${error?.message ?? ""}`;
    if (phase !== "terminal") return { what };
    return { what, remedy: "correct the map and run zctl apply; trying again does not help" };
  });
}
