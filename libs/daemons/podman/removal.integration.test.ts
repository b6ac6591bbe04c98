import { type BusAdmin, type ConnectedBus, connectBus, openAdmin, type Replica } from "@zcloud/bus";
import type { RemovedStack } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { hostOf } from "@zcloud/map";
import { type Daemon, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTwoSites, type TwoSites } from "../nats/two-sites.test-support.ts";
import { desiredStacks } from "./desired.ts";
import { type Deployed, planStacks } from "./plan.ts";
import { spec, stack } from "./podman.test-support.ts";

let sites: TwoSites;
let server: Daemon;
let admin: BusAdmin;
let pod: ConnectedBus;
let stacks: Replica<"stacks">;

const compose = "services: { web: { image: i, x-zcloud: { names: [hello.lab.example], port: 80 } } }\n";
const sent = stack("hello", compose);
const mark: RemovedStack = {
  ...{ v: 1, tenant: "demo", project: "hello", removed: true, removedAt: "2026-11-22T13:00:00Z", actor: "robin" },
};
const running: Deployed = {
  ...{ tenant: "demo", project: "hello", digest: sent.digest, override: "o", applied: true },
  ...{ spec: spec(), at: "2026-11-22T12:00:00Z" },
};

beforeAll(async () => {
  sites = await createTwoSites();
  server = await sites.start("north");
  admin = openAdmin(sites.link("north/znet"));
  await eventually("streams", () => admin.ensured());
  pod = await connectBus({
    ...sites.link("north/zpod1"),
    host: new LocalHost(),
    stateDir: `${sites.directory}/state/pod`,
  });
  stacks = pod.replica("stacks", "site");
});
afterAll(async () => {
  await pod.close();
  await admin.close();
  await server.stop();
  sites.remove();
});

/** What this host would take away of what runs on it, by what its copy of the bucket says now. */
function removals(): readonly string[] {
  const desired = desiredStacks({
    map: sites.map,
    self: hostOf(sites.map, "north/zpod1"),
    entries: [...stacks.entries().values()],
    unreadable: new Map([...stacks.invalid()].map(([key, why]) => [key.replace(".", "/"), why])),
    fresh: stacks.fresh(),
    servedBy: new Map([["demo/hello", ["zpod1"]]]),
    volumePath: (...parts) => `/srv/volumes/${parts.join("/")}`,
    volumeUnit: () => undefined,
  });
  const observed = {
    ...{ deployed: new Map([["demo/hello", running]]), volumes: [], shared: false, trash: [] },
    ...{ units: new Map(), busy: new Set<string>(), waiting: new Map() },
  };
  return planStacks(desired, observed).flatMap(({ kind, key }) => (kind === "remove-stack" ? [key] : []));
}

/** Past every check of ours, as a newer or a broken znet would. */
function putRaw(text: string): void {
  admin.link.connection()?.publish("$KV.stacks.demo.hello", text);
}

test("only a word of removal ends a stack: not a value that can't be read, and not a key that is gone", async () => {
  await admin.putStack(sent);
  await eventually("the pod has it", () => stacks.entries().has("demo.hello"));

  for (const text of ["{", '{"v":2}', JSON.stringify({ ...sent, files: [] }), JSON.stringify({ ...mark, by: "x" })]) {
    putRaw(text);
    await eventually(`${text.slice(0, 20)} is seen`, () => stacks.invalid().has("demo.hello"));
    expect(removals()).toEqual([]);
    await admin.putStack(sent);
    await eventually("it is right again", () => stacks.invalid().size === 0);
  }

  await admin.removeStack(mark);
  await eventually("the word of removal", () => removals().join() === "demo/hello");
  await admin.forgetStack(mark);
  await eventually("the key is gone", () => !stacks.entries().has("demo.hello"));
  expect(removals()).toEqual([]);
});

test("a pod that begins with a value that it can't read, and without a copy, keeps what runs", async () => {
  putRaw('{"v":2}');
  const fresh = await connectBus({
    ...sites.link("north/zpod2"),
    host: new LocalHost(),
    stateDir: `${sites.directory}/state/fresh`,
  });
  const before = stacks;
  stacks = fresh.replica("stacks", "site");
  await eventually("the snapshot", () => stacks.invalid().get("demo.hello") !== undefined);
  expect([stacks.fresh(), stacks.entries().size, removals()]).toEqual([true, 0, []]);
  stacks = before;
  await fresh.close();
});

test("a word of removal from an old copy waits for the bus", async () => {
  await admin.removeStack(mark);
  await eventually("the word of removal", () => removals().join() === "demo/hello");
  await pod.close();
  await server.stop();
  pod = await connectBus({
    ...sites.link("north/zpod1"),
    host: new LocalHost(),
    stateDir: `${sites.directory}/state/pod`,
  });
  stacks = pod.replica("stacks", "site");
  expect(stacks.entries().get("demo.hello")).toEqual(mark);
  expect(removals()).toEqual([]);
  server = await sites.start("north");
  await eventually("the bus says it too", () => removals().join() === "demo/hello");
});
