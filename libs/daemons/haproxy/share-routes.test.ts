import { expect, test } from "vitest";
import { toRoutes } from "./make-routes.ts";
import type { Route } from "./routes.ts";
import { routeSharing } from "./share-routes.ts";
import { endpoint, labMap } from "./two-fronts.test-support.ts";

const map = labMap();
const made = (...services: readonly string[]): readonly Route[] =>
  toRoutes(
    map,
    services.map((service) => endpoint("north", service, [1])),
    [],
  ).routes;

test("routes that say the same are the same objects; the list too, if all are", () => {
  const share = routeSharing();
  const first = share(made("a", "b"));
  expect(share(made("a", "b"))).toBe(first);
  const more = share(made("a", "b", "c"));
  expect(more.slice(0, 2)).toEqual(first);
  expect(more[0]).toBe(first[0]);
  expect(more).toHaveLength(3);
  const other = toRoutes(map, [endpoint("north", "a", [2])], []).routes;
  expect(share(other)).toEqual(other);
  expect(share(made("b"))[0]?.key).toBe("demo/app/b");
});
