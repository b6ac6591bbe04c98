import type { LoopState } from "@zcloud/reconcile";
import { expect, test } from "vitest";
import type { MapStore } from "./map-store.ts";
import { type Progress, type ReportOptions, readiness, statusOf } from "./report.ts";
import type { RoleLoop, StatusProblem } from "./role.ts";

const error = { code: "X", message: "no route", at: 0 };
const loop = (state: Partial<LoopState>, essential = true): RoleLoop => {
  const whole = { phase: "converged", convergedAt: 1, error: undefined, ...state };
  return { loop: { name: "file", state: () => whole }, essential } as unknown as RoleLoop;
};

function report(
  loops: readonly RoleLoop[],
  problems: readonly StatusProblem[],
  more: Partial<Progress>,
): ReportOptions {
  const parts = { loops, problems: () => problems };
  const progress = { parts, bus: undefined, begun: true, waitingFor: undefined, deaf: undefined, ...more };
  const store = { current: () => undefined, problems: () => [] } as unknown as MapStore;
  return {
    id: "north/zpod1",
    role: "zpod",
    version: "1",
    clock: { now: () => 0, after: () => () => {} },
    store,
    progress,
  };
}

const some = [{ what: "trouble" }];
const young = { phase: "pending", convergedAt: undefined } as const;

test.each<[string, readonly RoleLoop[], readonly StatusProblem[], Partial<Progress>, string, boolean]>([
  ["no map yet", [], [], { begun: false, waitingFor: { what: "no map" } }, "starting", false],
  ["a first pass under way", [loop(young)], [], {}, "starting", false],
  ["all is well", [loop({})], [], {}, "ready", true],
  ["a pass of a loop that was right", [loop({ phase: "pending" })], [], {}, "ready", true],
  ["a problem of the role", [loop({})], some, {}, "degraded", true],
  ["a loop fails that is not essential", [loop({}), loop({ error }, false)], [], {}, "degraded", true],
  ["the neighbours can't ask", [loop({})], [], { deaf: "no address" }, "degraded", true],
  ["an essential loop fails", [loop({ phase: "backing-off", error })], some, {}, "failing", false],
  ["one fails, one is young", [loop(young), loop({ phase: "terminal", error })], [], {}, "failing", false],
])("%s", (_what, loops, problems, more, state, ready) => {
  const options = report(loops, problems, more);
  expect(readiness(options)).toMatchObject({ state, ready });
  expect(statusOf(options)).toMatchObject({ state, ready });
});
