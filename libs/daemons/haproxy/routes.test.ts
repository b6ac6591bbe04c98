import type { Endpoint } from "@zcloud/events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { toRoutes } from "./make-routes.ts";
import { endpoint, labMap } from "./two-fronts.test-support.ts";

const map = labMap();
const twoTenants = {
  ...map,
  tenants: [
    ...map.tenants,
    ...map.tenants
      .slice(0, 1)
      .map((tenant) => ({ ...tenant, name: "other", names: ["other.example", "*.demo.lab.example"] })),
  ],
};

test("endpoints of both sites become one route: local servers, and the peer by itself", () => {
  const here = endpoint("north", "web", [8001, 8002], { answersWithin: 2000 });
  const { routes, problems } = toRoutes(map, [here], [endpoint("south", "web", [9001])]);
  expect(problems).toEqual([]);
  expect(routes).toEqual([
    {
      key: "demo/app/web",
      names: ["web.demo.lab.example"],
      places: ["web.demo.lab.example/"],
      redirects: new Map(),
      health: "/healthz",
      answersWithin: 2000,
      http: {},
      tenantRate: undefined,
      port: undefined,
      proxyProtocol: false,
      servers: [8001, 8002].map((port) => ({
        id: `s-north-${port}`,
        address: "127.0.0.1",
        port,
        draining: false,
        host: "north/zpod1",
      })),
      peer: true,
    },
  ]);
});

test("what only the peer has is served from there; what has no public name isn't a route", () => {
  const { routes } = toRoutes(map, [endpoint("north", "db", [1], { names: [] })], [endpoint("south", "web", [9001])]);
  expect(routes.map(({ key, servers, peer }) => ({ key, servers, peer }))).toEqual([
    { key: "demo/app/web", servers: [], peer: true },
  ]);
});

test("a name goes to the tenant to whom the map gives it, and the loser is told what to do", () => {
  const thief = endpoint("north", "web", [1], { tenant: "aaa", names: ["hello.lab.example"] });
  const stranger = endpoint("north", "web2", [1], { tenant: "other", names: ["hello.lab.example", "other.example"] });
  const owner = endpoint("north", "web", [2], { names: ["hello.lab.example"] });
  const { routes, problems } = toRoutes(twoTenants, [thief, stranger, owner], []);
  expect(routes.map(({ key, names }) => [key, names])).toEqual([
    ["demo/app/web", ["hello.lab.example"]],
    ["other/app/web2", ["other.example"]],
  ]);
  expect(problems).toEqual([
    {
      key: "aaa/app/web",
      what: "hello.lab.example of aaa/app:web is not served: there is no tenant aaa in the map",
      remedy: "add tenants.aaa, or remove the stack",
    },
    {
      key: "other/app/web2",
      what: "hello.lab.example of other/app:web2 is not served: the map does not give this name to other",
      remedy: "add it to tenants.other.names",
    },
  ]);
});

test("of two claims that the map allows, the first key has the name", () => {
  const { routes, problems } = toRoutes(
    map,
    ["b", "a"].map((service) => endpoint("north", service, [1], { names: ["hello.lab.example"] })),
    [],
  );
  expect(routes.map(({ key }) => key)).toEqual(["demo/app/a"]);
  expect(problems[0]?.what).toBe("hello.lab.example of demo/app:b is not served: demo/app:a has this name");
});

test("what could break out of a configuration line never gets there", () => {
  const names = [
    "a b.demo.lab.example",
    "x\n.demo.lab.example",
    "A.demo.lab.example",
    "*.demo.lab.example",
    "ok.demo.lab.example",
    "u;add.demo.lab.example",
  ];
  const { routes, problems } = toRoutes(map, [endpoint("north", "web", [1], { names, health: "/a;del map x\n" })], []);
  expect(routes).toMatchObject([{ names: ["ok.demo.lab.example"], health: "/" }]);
  expect(problems).toHaveLength(6);
});

test("property: the order in which endpoints are known makes no difference", () => {
  const any: fc.Arbitrary<Endpoint> = fc
    .record({
      host: fc.constantFrom("north/zpod1", "north/zpod2"),
      service: fc.constantFrom("a", "b", "c"),
      ports: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
      names: fc.subarray(["hello.lab.example", "notes.lab.example", "x.demo.lab.example"]),
    })
    .map(({ host, service, ports, names }) => endpoint("north", service, ports, { host, names }));
  fc.assert(
    fc.property(
      fc.uniqueArray(any, { selector: ({ host, service }) => `${host} ${service}` }),
      fc.infiniteStream(fc.nat()),
      (endpoints, stream) => {
        const shuffled = endpoints
          .map((one) => ({ one, at: stream.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        expect(toRoutes(map, shuffled, shuffled)).toEqual(toRoutes(map, endpoints, endpoints));
        const names = toRoutes(map, endpoints, []).routes.flatMap((route) => route.names);
        expect(new Set(names).size).toBe(names.length);
      },
    ),
  );
});

test("a service may have a part of a name, another service of the tenant the rest; the certificate is asked for once", () => {
  const rest = endpoint("north", "web", [1], { names: ["hello.lab.example"] });
  const part = endpoint("north", "api", [2], { names: ["hello.lab.example"], http: { at: ["hello.lab.example/api"] } });
  const { routes, problems } = toRoutes(map, [rest, part], []);
  expect(problems).toEqual([]);
  expect(routes.map(({ key, names, places }) => ({ key, names, places }))).toEqual([
    { key: "demo/app/api", names: ["hello.lab.example"], places: ["hello.lab.example/api/"] },
    { key: "demo/app/web", names: [], places: ["hello.lab.example/"] },
  ]);
});

test("a name whose TLS is passed through is nobody else's, gets no certificate, and is a route of its own", () => {
  const names = ["vault.demo.lab.example"];
  const through = { names, passthrough: { proxyProtocol: true } };
  const parts = endpoint("north", "web", [2], { names, http: { at: ["vault.demo.lab.example/api"] } });
  const { routes, problems } = toRoutes(map, [endpoint("north", "vault", [1], through), parts], []);
  expect(problems.map(({ what }) => what)).toEqual([
    "vault.demo.lab.example/api of demo/app:web is not served: demo/app:vault has this name",
  ]);
  expect(routes).toMatchObject([
    { key: "demo/app/vault", names: [], places: [], passthrough: names, proxyProtocol: true, port: undefined },
  ]);
  // The first by its key has it, whichever of the two kinds it is.
  const later = toRoutes(map, [endpoint("north", "zvault", [1], through), parts], []);
  expect(later.routes.map(({ key }) => key)).toEqual(["demo/app/web"]);
});

test("ports that a service asks for are routes where the map allows them to the tenant, one service each", () => {
  const allowing = { ...map, tenants: map.tenants.map((tenant) => ({ ...tenant, ports: [25, 587] })) };
  const asks = (service: string, ...tcp: readonly number[]) => {
    const one = endpoint("north", service, [1], {
      names: [],
      tcp: tcp.map((port) => ({ public: port, port: port + 2000, proxyProtocol: port === 25 })),
    });
    const ports = Object.fromEntries(tcp.map((port) => [String(port + 2000), port + 40_000]));
    return { ...one, servers: one.servers.map((server) => ({ ...server, ports })) };
  };
  const peer = { ...asks("mail", 25), host: "south/zpod1" };
  const { routes, problems } = toRoutes(allowing, [asks("mail", 25, 587, 993), asks("other", 587)], [peer]);
  const short = routes.map(({ key, port, proxyProtocol, servers, peer: there }) => {
    return { key, port, proxyProtocol, servers: servers.map((server) => server.port), there };
  });
  expect(short).toEqual([
    { key: "demo/app/mail/:25", port: 25, proxyProtocol: true, servers: [40_025], there: true },
    { key: "demo/app/mail/:587", port: 587, proxyProtocol: false, servers: [40_587], there: false },
  ]);
  expect(problems).toEqual([
    {
      key: "demo/app/mail",
      what: "port 993 of demo/app:mail is not served: the map does not allow it to demo",
      remedy: "add it to tenants.demo.ports",
    },
    {
      key: "demo/app/other",
      what: "port 587 of demo/app:other is not served: demo/app:mail has it",
      remedy: "remove the port from one of the two",
    },
  ]);
});

test("a name that redirects is the endpoint's own: it gets a certificate and no place, and nobody else may have it", () => {
  const redirects = { "hello.lab.example": "https://web.demo.lab.example/new" };
  const names = ["hello.lab.example", "web.demo.lab.example"];
  const web = endpoint("north", "web", [1], { names, http: { redirects } });
  const other = endpoint("north", "zzz", [2], { names: ["hello.lab.example"] });
  const { routes, problems } = toRoutes(map, [web, other], []);
  expect(routes).toHaveLength(1);
  expect(routes[0]?.names).toEqual(names);
  expect(routes[0]?.places).toEqual(["web.demo.lab.example/"]);
  expect([...(routes[0]?.redirects ?? [])]).toEqual(Object.entries(redirects));
  expect(problems.map(({ what }) => what)).toEqual([
    "hello.lab.example of demo/app:zzz is not served: demo/app:web has this name",
  ]);
});

test.each([
  [{ at: ["web.demo.lab.example/a b"] }, "is not a host name, nor one with a path"],
  [{ at: ["web.demo.lab.example/x%20y"] }, "is not a host name, nor one with a path"],
  [{ redirects: { "web.demo.lab.example": "https://x.example/\nset" } }, "is not an https address"],
  [{ redirects: { "web.demo.lab.example": "http://x.example" } }, "is not an https address"],
])("what could reach into a configuration is refused: %j", (http, what) => {
  const { routes, problems } = toRoutes(map, [endpoint("north", "web", [1], { http })], []);
  expect(routes).toEqual([]);
  expect(problems[0]?.what).toContain(what);
});

test("a wildcard is refused with the reason: nobody can get a certificate for it here", () => {
  const { routes, problems } = toRoutes(map, [endpoint("north", "web", [1], { names: ["*.demo.lab.example"] })], []);
  expect(routes).toEqual([]);
  expect(problems[0]?.what).toContain("*.demo.lab.example, and no certificate can be had for a wildcard");
});
