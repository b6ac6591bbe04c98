import { manualClock } from "@zcloud/reconcile/testing";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { driftReporter } from "./drift.ts";

test("every repair is counted by kind; people hear of the first of a minute", async () => {
  const metrics = new Registry();
  const clock = manualClock();
  const subjects: string[] = [];
  const report = driftReporter({ metrics, clock, event: ({ subject }) => subjects.push(subject) });
  report(["map", "server"], "a.example");
  report(["map"], "b.example");
  await clock.advance(60_000);
  report(["crt-list"], "c.example");
  expect(subjects).toEqual(["a.example", "c.example"]);
  const { values = [] } = (await metrics.getSingleMetric("zcloud_haproxy_drift_total")?.get()) ?? {};
  expect(Object.fromEntries(values.map(({ labels, value }) => [labels["kind"], value]))).toEqual({
    map: 2,
    server: 1,
    certificate: 0,
    "crt-list": 1,
  });
});
