import type { Status } from "@zcloud/events";
import { manualClock } from "@zcloud/reconcile/testing";
import { beforeEach, expect, test } from "vitest";
import { type FakeBus, fakeBus } from "./bus.test-support.ts";
import { reportStatus, statusPeriod } from "./status.ts";

const clock = manualClock();
let bus: FakeBus;
let generation = 1;
let count = 0;

function status(): Status {
  const at = new Date(clock.now()).toISOString();
  return {
    v: 1,
    host: "north/zpod1",
    role: "zpod",
    version: "dev",
    generation,
    ready: true,
    state: "ready",
    problems: [],
    facts: {},
    at,
  };
}

beforeEach(() => {
  count = 0;
  generation = 1;
  bus = fakeBus();
  const { declare } = bus;
  bus.declare = (bucket, prefix, entries) => {
    count += 1;
    declare(bucket, prefix, entries);
  };
});

test("a status is repeated in time, under the host's name, and no more after a stop", async () => {
  const reporter = reportStatus(clock, bus, status);
  expect([...(bus.declared.get("status zpod1")?.keys() ?? [])]).toEqual(["zpod1"]);
  await clock.advance(3 * statusPeriod);
  expect(count).toBe(4);
  reporter.stop();
  await clock.advance(3 * statusPeriod);
  expect(count).toBe(4);
});

test("many changes are one further status, and a change that changes nothing is none", async () => {
  const reporter = reportStatus(clock, bus, status);
  for (let times = 0; times < 20; times++) reporter.changed();
  await clock.advance(1_000);
  expect(count).toBe(1);
  generation = 2;
  for (let times = 0; times < 20; times++) reporter.changed();
  await clock.advance(1_000);
  expect(count).toBe(2);
  expect(bus.declared.get("status zpod1")?.get("zpod1")).toMatchObject({ generation: 2 });
  reporter.stop();
});
