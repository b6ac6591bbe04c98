import { expect, test } from "vitest";
import { positionOf } from "./watch.ts";

test("the position in a reply subject, with and without domain and account", () => {
  const position = { sequence: 100, order: 5, pending: 3 };
  expect(positionOf("$JS.ACK.KV_endpoints.c1.1.100.5.1700000000000000000.3")).toEqual(position);
  expect(positionOf("$JS.ACK.north.A1B2C3.KV_endpoints.c1.1.100.5.1700000000000000000.3.x")).toEqual(position);
});
