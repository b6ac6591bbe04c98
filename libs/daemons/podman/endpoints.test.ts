import { Endpoint } from "@zcloud/events";
import { describe, expect, it } from "vitest";
import { containersOf } from "./containers.ts";
import { endpointsOf } from "./endpoints.ts";
import { container, spec } from "./podman.test-support.ts";

const host = { id: "north/zpod1", name: "zpod1", address: "10.64.1.17" };

describe("endpointsOf", () => {
  it("says what healthy containers serve, by the schema of the bucket", () => {
    const two = [
      container(),
      container({ id: "fedcba9876543210", published: new Map([[8080, { address: "10.64.1.17", port: 40_002 }]]) }),
    ];
    const endpoints = endpointsOf(host, [spec()], two);
    expect([...endpoints.keys()]).toEqual(["zpod1.demo.hello.web"]);
    expect(Endpoint.parse(endpoints.get("zpod1.demo.hello.web"))).toEqual({
      v: 1,
      host: "north/zpod1",
      tenant: "demo",
      project: "hello",
      service: "web",
      names: ["hello.lab.example"],
      health: "/healthz",
      answersWithin: 1000,
      servers: [
        { id: "0123456789ab", address: "10.64.1.17", port: 40_001, state: "up" },
        { id: "fedcba987654", address: "10.64.1.17", port: 40_002, state: "up" },
      ],
    });
  });

  it.each([
    ["unhealthy", { health: "unhealthy" }],
    ["not yet known to be healthy", { health: "starting" }],
    ["paused", { state: "paused" }],
    ["ended", { state: "exited" }],
    ["published at another port", { published: new Map([[9090, { address: "10.64.1.17", port: 1 }]]) }],
    ["another stack's", { project: "other" }],
    ["another service's", { service: "db" }],
  ] as const)("keeps the names without the server which is %s", (_what, fields) => {
    expect(endpointsOf(host, [spec()], [container(fields)]).get("zpod1.demo.hello.web")).toMatchObject({
      names: ["hello.lab.example"],
      servers: [],
    });
  });

  it("says where each public port's port of the container is published", () => {
    const tcp = [
      { public: 25, port: 2525, proxyProtocol: false },
      { public: 587, port: 2587, proxyProtocol: false },
    ];
    const asking = spec({
      services: spec().services.map((service) => ({
        ...service,
        endpoint: service.endpoint && { ...service.endpoint, tcp },
      })),
    });
    const at = (port: number) => ({ address: "10.64.1.17", port });
    const published = new Map([8080, 2525].map((port) => [port, at(port + 30_000)]));
    const value = Endpoint.parse(endpointsOf(host, [asking], [container({ published })]).get("zpod1.demo.hello.web"));
    expect(value.tcp).toEqual(tcp);
    expect(value.servers).toMatchObject([{ port: 38_080, ports: { "2525": 32_525 } }]);
  });

  it("takes a container without a healthcheck as well while it runs", () => {
    expect(
      endpointsOf(host, [spec()], [container({ health: "none" })]).get("zpod1.demo.hello.web")?.servers,
    ).toHaveLength(1);
  });

  it("has nothing for services that the front doesn't lead to, nor for containers of no known stack", () => {
    const inner = spec({ services: spec().services.map((service) => ({ ...service, endpoint: undefined })) });
    expect(endpointsOf(host, [inner], [container()])).toEqual(new Map());
    expect(endpointsOf(host, [], [container()])).toEqual(new Map());
  });
});

describe("containersOf", () => {
  it("reads podman 5.4's listing and leaves out what isn't a stack's", () => {
    const labels = { "zcloud.tenant": "demo", "zcloud.project": "hello", "zcloud.service": "web" };
    const listed = {
      Id: "7cf527fec8e55bd5",
      Names: ["demo_hello-web-1"],
      Labels: labels,
      State: "running",
      Status: "healthy",
      ExitCode: 0,
      Restarts: 1,
      StartedAt: 1_795_363_415,
      Ports: [
        { host_ip: "10.199.7.2", container_port: 8080, host_port: 33_291, range: 2, protocol: "tcp" },
        { host_ip: "10.199.7.2", container_port: 53, host_port: 5353, range: 1, protocol: "udp" },
      ],
    };
    const found = containersOf([listed, { ...listed, Labels: null, Status: null, Ports: null }]);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ name: "demo_hello-web-1", health: "healthy", restarts: 1 });
    expect([...(found[0]?.published ?? [])]).toEqual([
      [8080, { address: "10.199.7.2", port: 33_291 }],
      [8081, { address: "10.199.7.2", port: 33_292 }],
    ]);
    expect(containersOf(null)).toEqual([]);
  });
});
