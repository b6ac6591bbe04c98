import { manualClock } from "@zcloud/reconcile/testing";
import { expect, test } from "vitest";
import { type WriteNews, watchWrites } from "./write-probe.ts";

/** A probe whose writes the test acknowledges. */
function setting() {
  const clock = manualClock();
  const world = { kept: true, answers: true };
  const writes: { acknowledge(seconds: number): void; fail(): void }[] = [];
  const news: WriteNews[] = [];
  const controller = new AbortController();
  const probe = watchWrites({
    site: "north",
    clock,
    signal: controller.signal,
    kept: () => world.kept,
    answers: () => world.answers,
    told: (said) => news.push(said),
    write: () =>
      new Promise((acknowledge, reject) => writes.push({ acknowledge, fail: () => reject(new Error("no pool")) })),
  });
  const said = () => news.splice(0).map(({ kind, level, reason }) => `${kind} ${level} ${reason}`);
  const acknowledge = async (seconds: number) => {
    writes.at(-1)?.acknowledge(seconds);
    await clock.settle();
  };
  return { clock, world, writes, controller, probe, said, acknowledge };
}

test("it writes every two seconds, one at a time, and knows how long the latest took", async () => {
  const { clock, writes, probe, said, acknowledge } = setting();
  expect(probe.state()).toEqual({ seconds: undefined, stalled: 0, refusal: undefined });
  await acknowledge(0.004);
  expect(probe.state()).toEqual({ seconds: 0.004, stalled: 0, refusal: undefined });
  await clock.advance(1_999);
  expect(writes).toHaveLength(1);
  await clock.advance(1);
  expect(writes).toHaveLength(2);
  await clock.advance(5_000);
  expect(writes).toHaveLength(2);
  await acknowledge(5);
  expect(probe.state()).toEqual({ seconds: 5, stalled: 0, refusal: undefined });
  await clock.advance(1_000);
  expect(writes).toHaveLength(3);
  expect(said()).toEqual([]);
});

test("one that hangs stalls since it began; its beginning after ten seconds and its end are told once", async () => {
  const { clock, writes, probe, said, acknowledge } = setting();
  await acknowledge(0.004);
  await clock.advance(11_999);
  expect(probe.state()).toMatchObject({ seconds: 0.004, stalled: 9.999 });
  expect(said()).toEqual([]);
  await clock.advance(1);
  expect(said()).toEqual(["ceph-writes-stalled error nothing was written to Ceph from north for 10 s"]);
  await clock.advance(13_000);
  expect(writes).toHaveLength(2);
  await acknowledge(23);
  expect(said()).toEqual(["ceph-writes-resumed info Ceph takes writes from north again, after 23 s"]);
  expect(probe.state()).toMatchObject({ seconds: 23, stalled: 0 });
  await clock.advance(2_000);
  await acknowledge(0.004);
  expect(said()).toEqual([]);
});

test("failures are no acknowledgement: they are tried again, and counted from the first", async () => {
  const { clock, writes, probe, said, acknowledge } = setting();
  await acknowledge(0.004);
  for (let times = 0; times < 5; times++) {
    await clock.advance(2_000);
    writes.at(-1)?.fail();
  }
  await clock.advance(2_000);
  expect(writes).toHaveLength(7);
  expect(probe.state()).toEqual({ seconds: 0.004, stalled: 10, refusal: "no pool" });
  expect(said()).toEqual(["ceph-writes-stalled error nothing was written to Ceph from north for 10 s [no pool]"]);
  await acknowledge(0.004);
  expect(probe.state()).toEqual({ seconds: 0.004, stalled: 0, refusal: undefined });
});

test("before Ceph ever took one, refusals are no stall: it is not there yet; a write that hangs is", async () => {
  const { clock, world, writes, probe, said } = setting();
  writes[0]?.fail();
  await clock.settle();
  world.answers = false;
  await clock.advance(60_000);
  expect(writes).toHaveLength(1);
  expect(probe.state()).toEqual({ seconds: undefined, stalled: 0, refusal: undefined });
  world.answers = true;
  await clock.advance(2_000);
  await clock.advance(10_000);
  expect(said()).toHaveLength(1);
});

test("without a Ceph nothing is written, and what was is forgotten; a stopped service leaves no timer", async () => {
  const { clock, world, writes, controller, probe, acknowledge } = setting();
  await acknowledge(0.004);
  world.kept = false;
  await clock.advance(30_000);
  expect(writes).toHaveLength(1);
  expect(probe.state()).toEqual({ seconds: undefined, stalled: 0, refusal: undefined });
  controller.abort();
  expect(clock.pending()).toBe(0);
});
