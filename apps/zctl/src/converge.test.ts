import { readFileSync } from "node:fs";
import { UnreachableError } from "@zcloud/host";
import { allHosts, type HostEntry, loadMap } from "@zcloud/map";
import { expect, test } from "vitest";
import { Agent } from "./agents.ts";
import { waitForAgents } from "./converge.ts";
import type { Invocation } from "./invocation.ts";
import { ScriptedHost } from "./world.test-support.ts";

const text = readFileSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), "utf8");
const loaded = loadMap(text, "lab.yaml");
if (!loaded.ok) throw new Error("the lab's map is not right");
const entry = allHosts(loaded.map).find(({ id }) => id === "north/zpod1") as HostEntry;

/** As much of an invocation as waiting needs. */
function waiting(host: ScriptedHost): Invocation {
  let now = 0;
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
  };
  const signal = new AbortController().signal;
  return { signal, ports: { now: () => now }, sleep, agent: async () => new Agent(entry, host) } as never;
}

test("a host that goes out of reach between two questions is out of reach, and no other host waits for it", async () => {
  const host = new ScriptedHost(entry.id);
  host.stat = async () => {
    throw new UnreachableError("reach north/zpod1: ssh gave up", "is it powered on?", false);
  };
  expect(await waitForAgents(waiting(host), [entry], 1, 5_000)).toEqual([
    { entry, kind: "unreachable", reason: "ssh gave up" },
  ]);
});

test("a host without a service is not waited for; one whose service does not run is, and said", async () => {
  const host = new ScriptedHost(entry.id);
  expect(await waitForAgents(waiting(host), [entry], 1, 5_000)).toMatchObject([{ kind: "undeployed" }]);
  host.files.set("/opt/zcloud/zpod/current", { content: "", mode: 0o644 });
  expect(await waitForAgents(waiting(host), [entry], 1, 5_000)).toMatchObject([
    { kind: "absent", reason: expect.stringContaining("its service does not run") },
  ]);
});
