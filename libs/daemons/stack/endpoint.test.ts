import { expect, test } from "vitest";
import { endpointSpec, placesOf, publishedPorts } from "./endpoint.ts";
import { ServiceOptions } from "./schema.ts";

test("names, parts of names and redirects become host names and places", () => {
  const spec = endpointSpec({
    names: ["wiki.example.net/api", "wiki.example.net/api/v2", "shop.example.net", "shop.example.net/cart"],
    redirects: { "www.example.net": "shop.example.net", "old.example.net": "https://wiki.example.net/api" },
    port: 80,
  });
  expect(spec.names).toEqual(["wiki.example.net", "shop.example.net", "www.example.net", "old.example.net"]);
  // The whole of shop.example.net is led here anyway.
  expect(spec.http.at).toEqual(["wiki.example.net/api", "wiki.example.net/api/v2"]);
  expect(spec.http.redirects).toEqual({
    "www.example.net": "https://shop.example.net",
    "old.example.net": "https://wiki.example.net/api",
  });
  expect(placesOf(spec).map(({ place, path }) => `${path[0]} ${place}`)).toEqual([
    "names shop.example.net",
    "names wiki.example.net/api",
    "names wiki.example.net/api/v2",
    "redirects www.example.net",
    "redirects old.example.net",
  ]);
});

test("what is not said is not there, so that nothing changes for whom it does not concern", () => {
  expect(endpointSpec({ port: 80, names: ["a.example.net"] }).http).toEqual({});
});

test("a name whose TLS is passed through is taken as a whole", () => {
  const spec = endpointSpec({ port: 8443, names: ["vault.example.net"], tls: "passthrough", proxy_protocol: true });
  expect(spec).toMatchObject({ names: ["vault.example.net"], port: 8443, passthrough: { proxyProtocol: true } });
  expect(placesOf(spec)).toEqual([{ place: "vault.example.net", kind: "name", whole: true, path: ["names"] }]);
  expect(endpointSpec({ port: 8443, names: ["a.example.net"], tls: "passthrough" }).passthrough).toEqual({
    proxyProtocol: false,
  });
});

test("ports of the world, and the container's behind them; the first is the endpoint's where it has no other", () => {
  const tcp = [
    { public: 25, port: 2525, proxy_protocol: true },
    { public: 587, greets: "220" },
  ];
  const spec = endpointSpec({ tcp });
  expect(spec.tcp).toEqual([
    { public: 25, port: 2525, proxyProtocol: true },
    { public: 587, port: 587, proxyProtocol: false, greets: "220" },
  ]);
  expect([spec.port, endpointSpec({ tcp, port: 80 }).port]).toEqual([2525, 80]);
  expect(publishedPorts(endpointSpec({ tcp, port: 587 }))).toEqual([587, 2525]);
  expect(placesOf(spec).map(({ place, path }) => `${place} at ${path.join(".")}`)).toEqual([
    "port 25 at tcp.0.public",
    "port 587 at tcp.1.public",
  ]);
});

test("every option in the front's own units", () => {
  const options: ServiceOptions = {
    port: 80,
    protocol: "h2c",
    sticky: true,
    compress: true,
    retry_on: [500],
    real_ip: true,
    timeout: "10m",
    hsts: "365d",
    max_body: "50M",
    rate: "300/m",
  };
  expect(ServiceOptions.safeParse(options).success).toBe(true);
  expect(endpointSpec(options).http).toEqual({
    h2: true,
    sticky: true,
    compress: true,
    retry500: true,
    realIp: true,
    timeout: 600_000,
    hsts: 31_536_000,
    maxBody: 52_428_800,
    rate: 50,
  });
});

test.each([
  [{ names: ["wiki.example.net/"] }, "no scheme, port, * or / at the end"],
  [{ names: ["wiki.example.net/a//b"] }, "must be a host name"],
  [{ names: ["wiki.example.net/../etc"] }, "must be a host name"],
  [{ names: ["https://wiki.example.net"] }, "must be a host name"],
  [{ names: ["wiki.example.net/ä"] }, "must be a host name"],
  [{ redirects: { "www.example.net": "http://example.net" } }, "must be where visitors are sent"],
  [{ redirects: { "www.example.net/a": "example.net" } }, "must be a host name in lower case without scheme"],
  [{ retry_on: [502] }, "must be 500"],
  [{ timeout: "2h" }, "must be a time from 1s to 1h"],
  [{ hsts: "forever" }, "must be a time from 0s to 730d"],
  [{ max_body: "0M" }, "must be a size"],
  [{ rate: "0/s" }, "e.g. 20/s or 300/m"],
  [{ rate: "1000000/s" }, "at most 100000/s"],
  [{ sticky: "yes" }, "must be true"],
  [{ protocol: "grpc" }, "h2c: HTTP/2 without TLS, for gRPC"],
])("%j is refused with what would be right", (wrong, message) => {
  const result = ServiceOptions.safeParse({ port: 80, ...wrong });
  expect(result.error?.issues.map((issue) => JSON.stringify(issue)).join()).toContain(message);
});
