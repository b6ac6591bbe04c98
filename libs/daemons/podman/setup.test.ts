import type { Host } from "@zcloud/host";
import { describe, expect, it } from "vitest";
import { demo, garden } from "../stack/stack.test-support.ts";
import { renderContainersConf, renderSlice, renderSubids, slicePath } from "./render.ts";
import { EngineReconciler } from "./setup.ts";

describe("EngineReconciler", () => {
  const reconciler = new EngineReconciler({} as Host);

  it("sets up a fresh host, and keeps other users' ranges", () => {
    const plan = reconciler.plan(
      { tenants: [demo] },
      { files: new Map(), subuid: "robin:100000:65536\n", subgid: "", socket: false },
    );
    expect(plan.map(({ change, subject }) => `${change} ${subject}`)).toEqual([
      "+ 10-zcloud.conf",
      "+ subuid",
      "+ subgid",
      "+ zcloud-demo.slice",
      "+ podman.socket",
    ]);
    expect(renderSubids("robin:100000:65536\ncontainers:1:2\n")).toBe(
      "robin:100000:65536\ncontainers:268435456:1610612736\n",
    );
    expect(renderSubids(renderSubids(""))).toBe(renderSubids(""));
  });

  it("does nothing on one that is set up, and takes away the slice of a tenant that has gone", () => {
    const file = (content: string) => ({ content, mode: 0o644 });
    const files = new Map([
      ["/etc/containers/containers.conf.d/10-zcloud.conf", file(renderContainersConf())],
      ["/etc/subuid", file(renderSubids(""))],
      ["/etc/subgid", file(renderSubids(""))],
      [slicePath(demo), file(renderSlice(demo))],
      [slicePath(garden), file(renderSlice(garden))],
    ]);
    const observed = { files, subuid: renderSubids(""), subgid: renderSubids(""), socket: true };
    expect(reconciler.plan({ tenants: [demo, garden] }, observed)).toEqual([]);
    expect(reconciler.plan({ tenants: [demo] }, observed).map(({ change, subject }) => `${change} ${subject}`)).toEqual(
      ["- zcloud-garden.slice"],
    );
    expect(reconciler.plan({ tenants: [{ ...demo, memory: 1 }, garden] }, observed)).toHaveLength(1);
  });
});
