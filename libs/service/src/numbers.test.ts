import { numbersFault } from "@zcloud/events";
import * as fc from "fast-check";
import { Gauge, Registry } from "prom-client";
import { expect, test } from "vitest";

test("whatever our own registry says is taken", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), fc.double(), async (value, amount) => {
      const registry = new Registry();
      const gauge = new Gauge({ name: "a_b", help: "x\ny", labelNames: ["l", "m"], registers: [registry] });
      gauge.set({ l: value.replaceAll("\r", ""), m: "}" }, amount);
      expect(numbersFault(await registry.metrics())).toBeUndefined();
    }),
    { numRuns: 30 },
  );
});
