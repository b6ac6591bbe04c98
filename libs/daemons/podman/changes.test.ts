import { describe, expect, it } from "vitest";
import { deaths, endpointChanges } from "./changes.ts";
import { endpointsOf } from "./endpoints.ts";
import { container, spec } from "./podman.test-support.ts";

const nobody: ReadonlySet<string> = new Set();

describe("deaths", () => {
  it("names a container that podman has started again", () => {
    expect(deaths([container()], [container({ restarts: 2 })], nobody)).toEqual([
      {
        kind: "container-died",
        level: "warning",
        subject: "demo/hello",
        reason: "demo_hello-web-1 died; podman started it again (2 times so far)",
      },
    ]);
  });

  it("names one that ended, with its exit code", () => {
    const [died] = deaths([container()], [container({ state: "exited", exitCode: 137 })], nobody);
    expect(died).toMatchObject({
      level: "error",
      reason: "demo_hello-web-1 ended with exit code 137 (killed, perhaps for its memory)",
    });
    expect(deaths([container()], [container({ state: "exited" })], nobody)).toMatchObject([{ level: "info" }]);
  });

  it("says nothing where nothing died, or on purpose", () => {
    expect(deaths([container()], [container({ health: "unhealthy" })], nobody)).toEqual([]);
    expect(deaths([], [container({ state: "exited" })], nobody)).toEqual([]);
    expect(deaths([container({ state: "exited" })], [container({ state: "exited" })], nobody)).toEqual([]);
    expect(deaths([container()], [], nobody)).toEqual([]);
    expect(deaths([container()], [container({ state: "exited" })], new Set(["demo/hello"]))).toEqual([]);
  });
});

describe("endpointChanges", () => {
  const host = { id: "north/zpod1", name: "zpod1", address: "10.64.1.17" };
  const up = endpointsOf(host, [spec()], [container()]);
  const ill = [container({ health: "unhealthy" })];
  const down = endpointsOf(host, [spec()], ill);

  it("tells the first server and the last", () => {
    expect(endpointChanges(new Map(), up, [container()], nobody)).toEqual([
      {
        kind: "endpoint-up",
        level: "info",
        subject: "hello.lab.example",
        reason: "demo/hello:web has 1 healthy server",
      },
    ]);
    expect(endpointChanges(up, down, ill, nobody)).toEqual([
      {
        kind: "endpoint-down",
        level: "error",
        subject: "hello.lab.example",
        reason: "demo/hello:web: demo_hello-web-1 is unhealthy",
      },
    ]);
    expect(endpointChanges(up, down, [], nobody)).toMatchObject([{ reason: "demo/hello:web: it has no container" }]);
    expect(endpointChanges(up, new Map(), [], nobody)).toMatchObject([
      { level: "info", reason: "demo/hello:web was removed from this host" },
    ]);
  });

  it("does not cry while a stack is being changed", () => {
    expect(endpointChanges(up, down, ill, new Set(["demo/hello"]))).toMatchObject([
      { level: "warning", reason: "demo/hello:web: its containers are being replaced" },
    ]);
  });

  it("says nothing while an endpoint stays as it was", () => {
    expect(endpointChanges(up, up, [container()], nobody)).toEqual([]);
    expect(endpointChanges(down, down, ill, nobody)).toEqual([]);
    expect(endpointChanges(new Map(), down, ill, nobody)).toEqual([]);
  });
});
