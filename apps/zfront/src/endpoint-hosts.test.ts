import type { Endpoint } from "@zcloud/events";
import { expect, test } from "vitest";
import { serverCounts, whoShould } from "./endpoint-hosts.ts";

const at = (host: string, states: readonly ("up" | "draining")[]): Endpoint => ({
  ...{ v: 1, host, tenant: "demo", project: "app", service: "web", names: [], health: "/" },
  servers: states.map((state, index) => ({ id: `s${index}`, address: "10.0.0.1", port: 40_000 + index, state })),
});
const key = "demo/app/web";

test("another number of healthy servers is another situation; what drains is not healthy", () => {
  const counts = (...endpoints: readonly Endpoint[]) => serverCounts(endpoints).get(key);
  expect(counts(at("north/zpod1", ["up", "up"]))).not.toBe(counts(at("north/zpod1", ["up", "draining"])));
  expect(counts(at("north/zpod1", ["up"]))).toBe(counts(at("north/zpod1", ["draining", "up"])));
});

test.each([
  [[at("north/zpod1", [])], "north/zpod1 has no healthy server"],
  [[at("south/zpod1", []), at("north/zpod1", ["draining"])], "north/zpod1 and south/zpod1 have no healthy server"],
  [
    [at("south/zpod1", ["up"]), at("north/zpod1", [])],
    "north/zpod1 has no healthy server; the servers of south/zpod1 do not answer as they should",
  ],
  [[], ""],
])("who should answer, %#", (endpoints, text) => {
  expect(whoShould(endpoints, key)).toBe(text);
  expect(whoShould(endpoints, "demo/app/other")).toBe("");
});
