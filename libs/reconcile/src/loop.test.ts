import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pause } from "./clock.ts";
import { createLoop, type Loop, type LoopOptions, type PassRecord } from "./loop.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { type Action, type Reconciler, TerminalError } from "./reconciler.ts";

/** A world of numbers: what is desired must be in it, everything else must not. */
interface Put extends Action {
  readonly value: number;
}

class World implements Reconciler<readonly number[], ReadonlySet<number>, Put> {
  readonly name = "world";
  readonly values = new Set<number>();
  observations = 0;
  /** Called before every action takes effect. */
  before: (action: Put, signal: AbortSignal) => Promise<void> | void = () => {};
  onObserve: (signal: AbortSignal) => Promise<void> | void = () => {};

  async observe(signal: AbortSignal): Promise<ReadonlySet<number>> {
    this.observations += 1;
    await this.onObserve(signal);
    return new Set(this.values);
  }

  plan(desired: readonly number[], observed: ReadonlySet<number>): readonly Put[] {
    const added = desired.filter((value) => !observed.has(value));
    const gone = [...observed].filter((value) => !desired.includes(value));
    return [
      ...added.map((value) => ({ kind: "put", change: "+", subject: String(value), summary: "", value }) as const),
      ...gone.map((value) => ({ kind: "drop", change: "-", subject: String(value), summary: "", value }) as const),
    ];
  }

  async apply(action: Put, signal: AbortSignal): Promise<void> {
    await this.before(action, signal);
    if (action.kind === "put") this.values.add(action.value);
    else this.values.delete(action.value);
  }
}

interface Setting {
  readonly world: World;
  readonly clock: ManualClock;
  readonly loop: Loop<readonly number[]>;
  readonly records: PassRecord[];
  readonly stop: AbortController;
  readonly stopped: Promise<void>;
  desired: readonly number[] | undefined;
}

/** A loop that has started and come to rest. */
async function started(
  desired: readonly number[] | undefined,
  options: Partial<LoopOptions<readonly number[], ReadonlySet<number>, Put>> = {},
  prepare: (world: World) => void = () => {},
): Promise<Setting> {
  const world = new World();
  prepare(world);
  const clock = manualClock();
  const records: PassRecord[] = [];
  const stop = new AbortController();
  const setting = { world, clock, records, stop, desired } as Setting & { loop: unknown; stopped: unknown };
  const backoff = { initialMs: 1_000, factor: 2, maxMs: 8_000, jitter: 0, random: () => 0 };
  const loop = createLoop({
    reconciler: world,
    desired: () => setting.desired,
    clock,
    observer: { passEnded: (record) => records.push(record) },
    backoff,
    ...options,
  });
  const stopped = loop.start(stop.signal);
  await clock.settle();
  return Object.assign(setting, { loop, stopped });
}

/** A promise that a test keeps open. */
function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

test("a pass applies the plan in order, observes again and is converged", async () => {
  const order: number[] = [];
  const { loop, world, records } = await started([3, 1, 2], { generation: () => 7 }, (world) => {
    world.before = (action) => void order.push(action.value);
  });
  expect(order).toEqual([3, 1, 2]);
  expect(world.observations).toBe(2);
  expect(loop.state()).toMatchObject({ phase: "converged", passes: 1, failures: 0, error: undefined, generation: 7 });
  expect(records[0]).toMatchObject({ result: "changed", pass: 1, loop: "world", reasons: ["start"] });
});

describe("a world that is recalled", () => {
  /** `remembers`: what it takes the world for. */
  const recalling = (remembers: (world: World) => ReadonlySet<number> | undefined) => (world: World) => {
    const order: string[] = [];
    world.before = (action) => {
      order.push(`${action.kind} ${action.value}`);
      if ((action.kind === "put") === world.values.has(action.value)) throw new Error("it is not so");
    };
    world.onObserve = () => void order.push("look");
    return Object.assign(world, { order, recall: async () => remembers(world) });
  };
  const orderOf = (world: World) => (world as ReturnType<ReturnType<typeof recalling>>).order;

  test("what is to be done is done before the look, which then finds nothing", async () => {
    const { world, records } = await started(
      [1],
      {},
      recalling(({ values }) => new Set(values)),
    );
    expect(orderOf(world)).toEqual(["put 1", "look"]);
    expect(records[0]).toMatchObject({ result: "changed", misremembered: undefined });
    expect(records[0]?.applied).toHaveLength(1);
  });

  test("a memory that is wrong costs a look, and no failure", async () => {
    const { world, records } = await started([1, 2], {}, (world) => {
      world.values.add(2).add(9);
      recalling(() => new Set())(world);
    });
    expect(world.values).toEqual(new Set([1, 2]));
    expect(orderOf(world)).toEqual(["put 1", "put 2", "look", "drop 9", "look"]);
    expect(records[0]).toMatchObject({
      result: "changed",
      error: undefined,
      misremembered: { message: "it is not so" },
    });
    expect(records[0]?.applied.map(({ subject }) => subject)).toEqual(["1", "9"]);
  });

  test("nothing that it remembers: a pass like any other", async () => {
    const { world } = await started(
      [1],
      {},
      recalling(() => undefined),
    );
    expect(orderOf(world)).toEqual(["look", "put 1", "look"]);
  });

  test("a stop in between ends the pass, and is no wrong memory", async () => {
    const { world, records, stop, stopped } = await started(
      [],
      {},
      recalling(({ values }) => new Set(values)),
    );
    const recall = gate();
    Object.assign(world, { recall: () => recall.passed.then(() => new Set()) });
    expect(records).toHaveLength(1);
    stop.abort();
    recall.open();
    await stopped;
    expect(records.every(({ misremembered }) => misremembered === undefined)).toBe(true);
  });
});

test("a pass with nothing to do observes once", async () => {
  const { world, records } = await started([]);
  expect(world.observations).toBe(1);
  expect(records[0]?.result).toBe("unchanged");
});

test("nothing is desired: nothing is read, and a trigger looks again", async () => {
  const setting = await started(undefined);
  expect(setting.world.observations).toBe(0);
  expect(setting.loop.state().phase).toBe("idle");
  setting.desired = [1];
  setting.loop.trigger("now known");
  await setting.clock.settle();
  expect(setting.loop.state().phase).toBe("converged");
  expect([...setting.world.values]).toEqual([1]);
});

test("any number of triggers during a pass makes exactly one further pass", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (triggers) => {
      const busy = gate();
      const { loop, world, clock, records } = await started([1], {}, (world) => {
        world.before = () => busy.passed;
      });
      world.before = () => {};
      for (let count = 0; count < triggers; count++) loop.trigger(`event ${count}`);
      busy.open();
      await clock.settle();
      expect(records.map((record) => record.result)).toEqual(["changed", "unchanged"]);
      expect(loop.state()).toMatchObject({ phase: "converged", passes: 2 });
    }),
    { numRuns: 20 },
  );
});

test("a pass tells how long each of its actions took", async () => {
  const setting = await started([]);
  const { world, clock, loop, records } = setting;
  world.before = ({ value }, signal) => pause(clock, value, signal);
  setting.desired = [20, 30];
  loop.trigger("new wish");
  await clock.advance(100);
  expect(records.at(-1)).toMatchObject({ result: "changed", tookMs: [20, 30], durationMs: 50 });
});

test("drift is found at the resync", async () => {
  const { world, clock, records } = await started([1], { resyncMs: 5_000 });
  world.values.delete(1);
  await clock.advance(4_999);
  expect(records).toHaveLength(1);
  await clock.advance(1);
  expect(records[1]).toMatchObject({ result: "changed", reasons: ["resync"] });
  expect(world.values.has(1)).toBe(true);
});

test("how long to the resync is asked anew after each pass", async () => {
  let period = 1_000;
  const { clock, records } = await started([1], { resyncMs: () => period });
  period = 5_000;
  await clock.advance(1_000);
  expect(records).toHaveLength(2);
  await clock.advance(4_999);
  expect(records).toHaveLength(2);
  await clock.advance(1);
  expect(records).toHaveLength(3);
});

test("an undone change is reported as not converged, with what remained", async () => {
  const { loop, records } = await started([1, 2], {}, (world) => {
    world.onObserve = () => void world.values.delete(2);
  });
  expect(loop.state()).toMatchObject({ phase: "backing-off", failures: 1, error: { code: "NOT_CONVERGED" } });
  expect(records[0]?.error?.message).toContain("there remains: + 2");
  expect(records[0]?.applied).toHaveLength(2);
});

test("errors back off exponentially, up to the limit, and recover", async () => {
  let broken = true;
  const { loop, clock, records } = await started([1], {}, (world) => {
    world.before = () => {
      if (broken) throw new Error("no route");
    };
  });
  const delays: number[] = [];
  for (let failure = 0; failure < 6; failure++) {
    const retryAt = loop.state().retryAt ?? Number.NaN;
    delays.push(retryAt - clock.now());
    await clock.advance(retryAt - clock.now());
  }
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  expect(loop.state()).toMatchObject({ phase: "backing-off", failures: 7, error: { message: "no route" } });
  broken = false;
  await clock.advance(8_000);
  expect(loop.state()).toMatchObject({ phase: "converged", failures: 0, error: undefined, retryAt: undefined });
  expect(records.at(-1)?.reasons).toEqual(["retry"]);
});

test("while it backs off, only another wish or an explicit retry is tried early", async () => {
  const setting = await started([1], {}, (world) => {
    world.before = () => {
      throw new Error("no route");
    };
  });
  const { loop, clock } = setting;
  loop.trigger("something happened");
  await clock.settle();
  expect(loop.state().passes).toBe(1);
  setting.desired = [2];
  loop.trigger("another wish");
  await clock.settle();
  expect(loop.state()).toMatchObject({ passes: 2, failures: 2 });
  loop.trigger("operator", { retry: true });
  await clock.settle();
  expect(loop.state()).toMatchObject({ passes: 3, failures: 3 });
});

test("a terminal error waits: not for timers, not for triggers, but for another wish", async () => {
  const setting = await started([1], { resyncMs: 1_000 }, (world) => {
    world.before = (action) => {
      if (action.value === 1) throw new TerminalError("1 can't be");
    };
  });
  const { loop, clock } = setting;
  expect(loop.state()).toMatchObject({ phase: "terminal", error: { code: "TERMINAL", message: "1 can't be" } });
  loop.trigger("again");
  await clock.advance(60_000);
  expect(loop.state().passes).toBe(1);
  setting.desired = [2];
  loop.trigger("new map");
  await clock.settle();
  expect(loop.state()).toMatchObject({ phase: "converged", passes: 2, error: undefined });
});

test("a terminal error is tried again when asked for", async () => {
  let broken = true;
  const { loop, clock } = await started([1], {}, (world) => {
    world.before = () => {
      if (broken) throw new TerminalError("no");
    };
  });
  broken = false;
  loop.trigger("map generation 2", { retry: true });
  await clock.settle();
  expect(loop.state().phase).toBe("converged");
});

test("a pass that takes too long is aborted by its signal", async () => {
  const { loop, clock, records } = await started([1], { deadlineMs: 3_000 }, (world) => {
    world.before = (_action, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("killed"))));
  });
  expect(loop.state()).toMatchObject({ phase: "pending", running: true });
  await clock.advance(3_000);
  expect(records[0]).toMatchObject({ result: "deadline", error: { code: "DEADLINE" } });
  expect(loop.state()).toMatchObject({ phase: "backing-off", running: false });
});

test("a pass that ignores its deadline never runs beside another one, and says why nothing happens", async () => {
  const busy = gate();
  let running = 0;
  let most = 0;
  const { loop, clock } = await started([1], { deadlineMs: 1_000, resyncMs: 1_000 }, (world) => {
    world.onObserve = async () => {
      running += 1;
      most = Math.max(most, running);
      await busy.passed;
      running -= 1;
    };
  });
  loop.trigger("hurry", { retry: true });
  await clock.advance(60_000);
  expect(loop.state()).toMatchObject({ phase: "pending", running: true, passes: 0, error: { code: "DEADLINE" } });
  busy.open();
  await clock.advance(60_000);
  expect(most).toBe(1);
  expect(loop.state().phase).toBe("converged");
});

test("a stop lets the action under way finish and begins no other", async () => {
  const busy = gate();
  const { loop, world, stop, stopped, records } = await started([1, 2], {}, (world) => {
    world.before = () => busy.passed;
  });
  stop.abort();
  busy.open();
  await stopped;
  expect([...world.values]).toEqual([1]);
  expect(records).toMatchObject([{ result: "stopped", applied: [{ value: 1 }] }]);
  expect(loop.state()).toMatchObject({ running: false, error: undefined });
});

test("an action that doesn't finish after a stop is aborted when the grace is over", async () => {
  const { clock, stop, stopped, records } = await started([1], { stopGraceMs: 2_000 }, (world) => {
    world.before = (_action, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  stop.abort();
  await clock.advance(1_999);
  expect(records).toHaveLength(0);
  await clock.advance(1);
  await stopped;
  expect(records[0]?.result).toBe("stopped");
});

test("a stop leaves no timers behind", async () => {
  const { clock, stop, stopped } = await started([1]);
  expect(clock.pending()).toBe(1);
  stop.abort();
  await stopped;
  expect(clock.pending()).toBe(0);
});

test("a mistake in desired() is a failed pass, not the end of the loop", async () => {
  let broken = true;
  const world = new World();
  const clock = manualClock();
  const loop = createLoop({
    reconciler: world,
    desired() {
      if (broken) throw new Error("no such site");
      return [1];
    },
    clock,
    backoff: { random: () => 0 },
  });
  void loop.start(new AbortController().signal);
  await clock.settle();
  expect(loop.state()).toMatchObject({ phase: "backing-off", error: { message: "no such site" } });
  broken = false;
  loop.trigger("corrected");
  await clock.settle();
  expect(loop.state().phase).toBe("converged");
});

test("a preview has no effects", async () => {
  const { loop, world, records } = await started([1]);
  const plan = await loop.preview([2]);
  expect(plan.map((action) => `${action.change}${action.subject}`)).toEqual(["+2", "-1"]);
  expect([...world.values]).toEqual([1]);
  expect(records).toHaveLength(1);
});

test("whatever happens in whatever order, in the end the world is as desired", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("wish" as const), values: fc.uniqueArray(fc.nat(5), { maxLength: 5 }) }),
    fc.record({ kind: fc.constant("drift" as const), value: fc.nat(5) }),
    fc.record({ kind: fc.constant("break" as const), times: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      let failuresLeft = 0;
      const setting = await started([], { resyncMs: 10_000 }, (world) => {
        world.before = () => {
          if (failuresLeft > 0) {
            failuresLeft -= 1;
            throw new Error("broken for now");
          }
        };
      });
      for (const one of steps) {
        if (one.kind === "wish") {
          setting.desired = one.values;
          setting.loop.trigger("wish");
        } else if (one.kind === "drift") setting.world.values.add(one.value);
        else if (one.kind === "break") failuresLeft += one.times;
        else await setting.clock.advance(one.ms);
      }
      await setting.clock.advance(60 * 8_000 + 20_000);
      expect(new Set(setting.world.values)).toEqual(new Set(setting.desired));
      expect(setting.loop.state().phase).toBe("converged");
      setting.stop.abort();
      await setting.stopped;
    }),
    { numRuns: 60 },
  );
});
