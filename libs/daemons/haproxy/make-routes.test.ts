import type { Endpoint, Intent } from "@zcloud/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { routeMaker, toRoutes } from "./make-routes.ts";
import { endpoint, labMap } from "./two-fronts.test-support.ts";

const map = labMap();
const names = ["a.demo.lab.example", "b.demo.lab.example", "a.demo.lab.example/api", "b.demo.lab.example/api"];

/** Services that ask for each other's names and ports, some of which they must not have. */
const someEndpoints = (site: string): fc.Arbitrary<readonly Endpoint[]> =>
  fc.uniqueArray(
    fc
      .record({
        service: fc.constantFrom("a", "b", "c", "d"),
        wanted: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
        whole: fc.boolean(),
        tcp: fc.uniqueArray(fc.constantFrom(7008, 7009), { maxLength: 2 }),
      })
      .map(({ service, wanted, whole, tcp }) => {
        const [at, plain] = [wanted.filter((name) => name.includes("/")), wanted.filter((name) => !name.includes("/"))];
        return endpoint(site, service, [1, 2], {
          names: plain,
          ...(whole ? { passthrough: { proxyProtocol: false } } : { http: { at } }),
          ...(tcp.length === 0 ? {} : { tcp: tcp.map((port) => ({ public: port, port, proxyProtocol: false })) }),
        });
      }),
    { selector: ({ service }) => service },
  );

const drain: Intent = {
  v: 1,
  kind: "drain",
  subject: "north/zpod1",
  reason: "",
  actor: "robin",
  at: "2026-01-01T00:00:00Z",
};

test("property: what it remembers makes no difference, whoever takes or gives back what another one asks for", () => {
  const round = fc.record({
    own: someEndpoints("north"),
    peers: someEndpoints("south"),
    keep: fc.boolean(),
    drained: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 6 }), (rounds) => {
      const make = routeMaker();
      let known: readonly Endpoint[] = [];
      for (const { own, peers, keep, drained } of rounds) {
        // Most endpoints are the same objects as before.
        const here = keep
          ? [...known.filter(({ service }) => own.every((one) => one.service !== service)), ...own]
          : own;
        const intents = drained ? [drain] : [];
        expect(make(map, here, peers, intents)).toEqual(toRoutes(map, here, peers, intents));
        known = here;
      }
    }),
    { numRuns: 200 },
  );
});

test("a route whose endpoints are the same objects is the same object; all of them, if nothing changed", () => {
  const make = routeMaker();
  const own = [endpoint("north", "a", [1]), endpoint("north", "b", [1])];
  const first = make(map, own, []);
  expect(make(map, [...own], [])).toBe(first);
  own.push(endpoint("north", "c", [1]));
  const more = make(map, own, []);
  expect(more.routes).toHaveLength(3);
  expect(more.routes[0]).toBe(first.routes[0]);
});
