import { type BusAdmin, type ConnectedBus, connectBus, openAdmin } from "@zcloud/bus";
import type { Endpoint, Stack } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { type Daemon, eventually } from "@zcloud/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTwoSites, type TwoSites } from "./two-sites.test-support.ts";

let sites: TwoSites;
const servers = new Map<string, Daemon>();
const admins = new Map<string, BusAdmin>();
let opened: ConnectedBus[] = [];

async function bus(id: string, state = id): Promise<ConnectedBus> {
  const stateDir = `${sites.directory}/state/${state}`;
  const one = await connectBus({ ...sites.link(id), host: new LocalHost(), stateDir });
  opened.push(one);
  return one;
}

function endpoint(host: string, project: string, port = 40_001): Endpoint {
  const servers = [{ id: "c1", address: "10.64.1.17", port, state: "up" as const }];
  return { v: 1, host, tenant: "demo", project, service: "web", names: [], health: "/", servers };
}

function declared(host: string, ...projects: readonly string[]): ReadonlyMap<string, Endpoint> {
  const name = host.slice(host.indexOf("/") + 1);
  return new Map(projects.map((project) => [`${name}.demo.${project}.web`, endpoint(host, project)]));
}

beforeAll(async () => {
  sites = await createTwoSites();
  for (const { name } of sites.map.sites) servers.set(name, await sites.start(name));
  // One after the other: north has nothing to mirror for some seconds, as at the first start of a site.
  for (const { name, peer } of sites.map.sites) {
    const admin = openAdmin(sites.link(`${name}/znet`));
    admin.wantPeer(peer);
    admins.set(name, admin);
    await eventually(`streams of ${name}`, () => admin.ensured());
    if (name === "north") await new Promise((resolve) => setTimeout(resolve, 2_500));
  }
});

// A host has one bus; two that declare under one name would undo each other's work.
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  opened = [];
});

afterAll(async () => {
  await Promise.all([...admins.values()].map((admin) => admin.close()));
  await Promise.all([...servers.values()].map((server) => server.stop()));
  sites.remove();
});

test("a site whose peer had no streams yet follows it within seconds of their making", async () => {
  const pod = await bus("south/zpod1", "first-pod");
  const there = (await bus("north/zfront", "first-front")).replica("endpoints", "peer");
  pod.declare("endpoints", "zpod1", declared("south/zpod1", "hello"));
  await eventually("north knows south's", () => there.entries().size === 1, 6_000);
  pod.declare("endpoints", "zpod1", new Map());
  await eventually("clean", () => there.entries().size === 0);
});

test("what a host declares at one site is seen at both, and so is what it takes back", async () => {
  const pod = await bus("north/zpod1");
  const here = (await bus("north/zfront")).replica("endpoints", "site");
  const there = (await bus("south/zfront")).replica("endpoints", "peer");
  pod.declare("endpoints", "zpod1", declared("north/zpod1", "hello", "notes"));
  const took = await eventually("both fronts know", () => here.entries().size === 2 && there.entries().size === 2);
  console.info(`declared -> seen at the peer: ${took} ms`);
  pod.declare("endpoints", "zpod1", declared("north/zpod1", "notes"));
  await eventually("both fronts forget", () => here.entries().size === 1 && there.entries().size === 1);
  expect([...there.entries().keys()]).toEqual(["zpod1.demo.notes.web"]);
  await eventually("the mirror is confirmed", () => (there.age() ?? Number.POSITIVE_INFINITY) < 10_000);
  pod.declare("endpoints", "zpod1", new Map());
  await eventually("nothing is left", () => there.entries().size === 0);
});

test("cut from each other both sites go on, and after the heal both know everything", async () => {
  const north = await bus("north/zpod1", "cut-north");
  const south = await bus("south/zpod1", "cut-south");
  const northFront = await bus("north/zfront", "cut-nf");
  const southFront = await bus("south/zfront", "cut-sf");
  const northOfSouth = northFront.replica("endpoints", "peer");
  const southOfNorth = southFront.replica("endpoints", "peer");
  const own = northFront.replica("endpoints", "site");
  north.declare("endpoints", "zpod1", declared("north/zpod1", "before", "removed"));
  south.declare("endpoints", "zpod1", declared("south/zpod1", "before"));
  await eventually("both are whole", () => northOfSouth.entries().size === 1 && southOfNorth.entries().size === 2);

  sites.cut();
  north.declare("endpoints", "zpod1", declared("north/zpod1", "before", "during"));
  south.declare("endpoints", "zpod1", declared("south/zpod1", "before", "during"));
  const local = await eventually("north's own bucket takes writes", () => own.entries().has("zpod1.demo.during.web"));
  await eventually("south's own bucket takes writes", () => south.agreed());
  expect([...southOfNorth.entries().keys()].sort()).toEqual(["zpod1.demo.before.web", "zpod1.demo.removed.web"]);

  sites.heal();
  const healed = await eventually("both sites converge", () => {
    const keys = [...southOfNorth.entries().keys()].sort();
    return northOfSouth.entries().size === 2 && keys.join() === "zpod1.demo.before.web,zpod1.demo.during.web";
  });
  console.info(`write during the cut: ${local} ms; heal -> converged: ${healed} ms`);
  north.declare("endpoints", "zpod1", new Map());
  south.declare("endpoints", "zpod1", new Map());
  await eventually("clean", () => northOfSouth.entries().size === 0 && southOfNorth.entries().size === 0);
});

test("a frozen peer stops nothing here, and its last known entries stay", async () => {
  const north = await bus("north/zpod1", "frozen-north");
  const south = await bus("south/zpod1", "frozen-south");
  const front = await bus("south/zfront", "frozen-front");
  const ofNorth = front.replica("endpoints", "peer");
  const own = front.replica("endpoints", "site");
  north.declare("endpoints", "zpod1", declared("north/zpod1", "hello"));
  await eventually("south knows north's", () => ofNorth.entries().size === 1);
  servers.get("north")?.signal("SIGSTOP");
  south.declare("endpoints", "zpod1", declared("south/zpod1", "hello"));
  await eventually("south's bucket takes writes", () => own.entries().size === 1);
  expect([...ofNorth.entries().keys()]).toEqual(["zpod1.demo.hello.web"]);
  servers.get("north")?.signal("SIGCONT");
  north.declare("endpoints", "zpod1", declared("north/zpod1", "hello", "later"));
  const took = await eventually("south sees what came after", () => ofNorth.entries().size === 2, 60_000);
  console.info(`thawed -> converged: ${took} ms`);
  north.declare("endpoints", "zpod1", new Map());
  south.declare("endpoints", "zpod1", new Map());
  await eventually("clean", () => own.entries().size === 0 && ofNorth.entries().size === 0);
});

test("with its server dead a host serves from disk, even after a restart, and delivers when it is back", async () => {
  const pod = await bus("north/zpod1", "dead-pod");
  const front = await bus("north/zfront", "dead-front");
  const seen = front.replica("endpoints", "site");
  pod.declare("endpoints", "zpod1", declared("north/zpod1", "hello"));
  await eventually("the front knows", () => seen.entries().size === 1);
  await front.close();

  await servers.get("north")?.stop("SIGKILL");
  await eventually("the pod notices", () => !pod.connected());
  const restarted = await bus("north/zfront", "dead-front");
  const kept = restarted.replica("endpoints", "site");
  expect([...kept.entries().keys()]).toEqual(["zpod1.demo.hello.web"]);
  expect(kept.age()).toBeGreaterThanOrEqual(0);
  pod.declare("endpoints", "zpod1", declared("north/zpod1", "later"));
  const at = new Date().toISOString();
  const about = { level: "info" as const, subject: "demo/later", reason: "test", actor: "north/zpod1" };
  pod.publish({ v: 1, at, host: "north/zpod1", kind: "endpoint-up", ...about });
  expect(pod.counts().waitingEvents).toBe(1);

  servers.set("north", await sites.start("north"));
  const wanted = ["zpod1.demo.later.web"];
  const took = await eventually("only what is declared is left", () => sameKeys(kept.entries(), wanted));
  console.info(`server back -> converged: ${took} ms`);
  expect([...kept.entries().keys()]).toEqual(wanted);
  await eventually("the event is out", () => pod.counts().waitingEvents === 0);
  const admin = admins.get("north");
  await eventually("znet is back", () => admin?.ensured() === true);
  const events = (await admin?.readEvents(Date.parse(at), 10)) ?? [];
  expect(events.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual(["endpoint-up demo/later"]);
});

test("a stack that an operator sends reaches its pods and the peer's mirror", async () => {
  const stack: Stack = {
    v: 1,
    tenant: "demo",
    project: "hello",
    files: { "compose.yaml": "services: {}\n" },
    digest: "0".repeat(64),
    deployedAt: "2026-11-22T15:00:00Z",
    actor: "robin",
  };
  const seen = (await bus("north/zpod1", "stack-pod")).replica("stacks", "site");
  const admin = admins.get("north");
  await admin?.putStack(stack);
  await eventually("the pod has it", () => seen.entries().has("demo.hello"));
  expect(seen.entries().get("demo.hello")).toEqual(stack);
  const mark = { v: 1, tenant: "demo", project: "hello", removed: true, removedAt: "2026-11-22T16:00:00Z" } as const;
  await admin?.removeStack({ ...mark, actor: "robin" });
  await eventually("the pod has the word", () => seen.entries().get("demo.hello")?.removed === true);
  expect(seen.fresh()).toBe(true);
  await admin?.forgetStack({ ...mark, removedAt: "2026-11-22T15:59:59Z", actor: "robin" });
  await admin?.putStack({ ...stack, project: "other" });
  await eventually("another word is not forgotten", () => seen.entries().has("demo.other"));
  expect(seen.entries().has("demo.hello")).toBe(true);
  await admin?.forgetStack({ ...mark, actor: "robin" });
  await eventually("the word is forgotten", () => !seen.entries().has("demo.hello"));
});

test("status is kept fresh while its host lives, and goes when it is gone", async () => {
  const pod = await bus("north/zpod2", "status-pod");
  const facts = { version: "dev", generation: 1, ready: true, state: "ready" as const, problems: [], facts: {} };
  pod.declare(
    "status",
    "zpod2",
    new Map([["zpod2", { v: 1, host: "north/zpod2", role: "zpod", at: "2026-11-22T15:00:00Z", ...facts }]]),
  );
  await eventually("the bucket agrees", () => pod.agreed());
});

function sameKeys(entries: ReadonlyMap<string, unknown>, wanted: readonly string[]): boolean {
  return entries.size === wanted.length && wanted.every((key) => entries.has(key));
}
