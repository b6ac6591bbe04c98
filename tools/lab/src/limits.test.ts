import { hostOf } from "@zcloud/map";
import { describe, expect, test } from "vitest";
import { brokenLimit, containerFiles } from "./limits.ts";
import { labMap } from "./sample.testing.ts";

describe("brokenLimit", () => {
  test("both must kill", () => {
    expect(brokenLimit("memory 137\npids 2\n")).toBeUndefined();
    expect(brokenLimit("memory 0\npids 2\n")).toMatch(/could allocate 64 MiB/);
    expect(brokenLimit("memory 137\npids 0\n")).toMatch(/could start 40/);
    expect(brokenLimit("")).toMatch(/could not be run/);
    expect(brokenLimit("memory 126\npids 126\n")).toMatch(/could not be run \(exit 126\)/);
  });
});

describe("containerFiles", () => {
  const wrapper = "/usr/local/lib/zcloud-lab/crun-with-limits";

  test("crun itself where cgroup v2 has the controllers, the wrapper elsewhere", async () => {
    expect((await containerFiles(hostOf(labMap, "north/zpod1"), "cgroup-v2")).has(wrapper)).toBe(false);
    const files = await containerFiles(hostOf(labMap, "north/zmah1"), "cgroup-v1");
    expect(files.get(wrapper)?.mode).toBe(0o755);
    expect(files.get("/etc/containers/containers.conf.d/90-lab.conf")?.content).toContain(`lab = ["${wrapper}"]`);
  });

  test("hosts without containers get nothing", async () => {
    expect((await containerFiles(hostOf(labMap, "north/znet"), "cgroup-v1")).size).toBe(0);
  });
});
