import { manualClock } from "@zcloud/reconcile/testing";
import { expect, test } from "vitest";
import { heapPeriod, keepHeapSmall, worthCollecting } from "./heap.ts";

/** A heap of which `live` bytes survive a collection. */
function heap(live: number) {
  const state = { live, garbage: 0, collections: 0 };
  const used = () => state.live + state.garbage;
  const collect = () => {
    state.garbage = 0;
    state.collections += 1;
  };
  return { state, used, collect };
}

test("what the start left behind is collected, and then only what is worth it", async () => {
  const clock = manualClock();
  const { state, ...ports } = heap(15_000_000);
  keepHeapSmall(clock, ports);
  await clock.advance(heapPeriod);
  expect(state.collections).toBe(1);
  state.garbage = worthCollecting;
  await clock.advance(3 * heapPeriod);
  expect(state.collections).toBe(1);
  state.garbage += 1;
  await clock.advance(heapPeriod);
  expect(state).toMatchObject({ collections: 2, garbage: 0 });
});

test("a heap that is larger for good is not collected for ever", async () => {
  const clock = manualClock();
  const { state, ...ports } = heap(15_000_000);
  keepHeapSmall(clock, ports);
  await clock.advance(heapPeriod);
  state.live += 10 * worthCollecting;
  await clock.advance(10 * heapPeriod);
  expect(state.collections).toBe(2);
});

test("a stop is a stop", async () => {
  const clock = manualClock();
  const { state, ...ports } = heap(15_000_000);
  keepHeapSmall(clock, ports)();
  await clock.advance(heapPeriod);
  expect(state.collections).toBe(0);
});
