import { type Action, type Reconciler, TerminalError } from "@zcloud/reconcile";
import { manualClock } from "@zcloud/reconcile/testing";
import { pino } from "pino";
import { expect, test } from "vitest";
import { loopMaker, loopProblems, loopReport } from "./loops.ts";
import type { MapView } from "./map-view.ts";
import { createMetrics } from "./metrics.ts";
import type { Changing, LoopSpec, NewEvent } from "./role.ts";

/** Desired and observed are numbers; `fail` makes applying fail. */
function setting(spec: Partial<LoopSpec<number, number, Action>> = {}) {
  const clock = manualClock();
  const events: NewEvent[] = [];
  const world = { observed: 0, desired: 1 as number | undefined, fail: undefined as Error | undefined, changes: 0 };
  const reconciler: Reconciler<number, number, Action> = {
    name: "number",
    observe: async () => world.observed,
    plan: (desired, observed) =>
      desired === observed ? [] : [{ kind: "set", change: "~", subject: "number", summary: `${desired}` }],
    async apply(action) {
      if (world.fail !== undefined) throw world.fail;
      world.observed = Number(action.summary);
    },
  };
  const make = loopMaker({
    clock,
    log: pino({ level: "silent" }),
    metrics: createMetrics({ host: "north/zpod1", role: "zpod", version: "dev" }),
    event: (event) => void events.push(event),
    view: () => ({ generation: 3 }) as MapView,
    changed: () => {
      world.changes += 1;
    },
  });
  const role = make({ reconciler, desired: () => world.desired, backoff: { jitter: 0 }, ...spec });
  const stop = new AbortController();
  void role.loop.start(stop.signal);
  return { clock, events, world, role };
}

test("a loop is not ready before its first pass, and ready after it", async () => {
  const { clock, role } = setting();
  expect(loopReport(role)).toMatchObject({ ready: false, phase: "pending" });
  await clock.settle();
  expect(loopReport(role)).toMatchObject({ ready: true, phase: "converged", generation: 3, error: undefined });
  expect(loopProblems([role])).toEqual([]);
});

test("a loop with nothing to do yet does not keep the host from being ready", async () => {
  const { clock, role } = setting({ desired: () => undefined });
  await clock.settle();
  expect(loopReport(role)).toMatchObject({ ready: true, phase: "idle", passes: 0 });
});

test("one or two failures in a row are no event, the third is one, and so is the recovery", async () => {
  const { clock, events, world, role } = setting();
  world.fail = new Error("no route");
  await clock.settle();
  await clock.advance(500);
  expect(role.loop.state().failures).toBe(2);
  expect(events).toEqual([]);
  await clock.advance(60_000);
  expect(events).toEqual([{ kind: "reconcile-failed", level: "error", subject: "number", reason: "no route" }]);
  world.fail = undefined;
  await clock.advance(60_000);
  expect(events.slice(1)).toMatchObject([{ kind: "reconcile-recovered", level: "info" }]);
});

test("a terminal error is an event at once, and its problem has a remedy", async () => {
  const { clock, events, world, role } = setting();
  world.fail = new TerminalError("no such site");
  await clock.settle();
  expect(events).toHaveLength(1);
  expect(loopProblems([role])).toEqual([
    { what: "number: no such site", remedy: expect.stringContaining("zctl apply") },
  ]);
  expect(loopReport(role)).toMatchObject({ ready: false, phase: "terminal", error: "no such site" });
});

test("what a loop follows wakes it", async () => {
  let tell = (): void => {};
  const source: Changing = {
    onChange(listener) {
      tell = listener;
      return () => {};
    },
  };
  const { clock, world } = setting({ wakes: [source] });
  await clock.settle();
  world.desired = 2;
  tell();
  await clock.settle();
  expect(world.observed).toBe(2);
});

test("essential problems come first", async () => {
  const minor = setting({ essential: false });
  const major = setting();
  minor.world.fail = new Error("minor");
  major.world.fail = new Error("major");
  await Promise.all([minor.clock.settle(), major.clock.settle()]);
  expect(loopProblems([minor.role, major.role]).map(({ what }) => what)).toEqual(["number: major", "number: minor"]);
});
