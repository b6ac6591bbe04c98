import { BusAwayError } from "@zcloud/bus";
import { type Event, type Intent, keyOf, type SignedMap, type StackEntry } from "@zcloud/events";
import { loadMap } from "@zcloud/map";
import type { RoleContext } from "@zcloud/service";
import { fastify } from "fastify";
import { expect, test } from "vitest";
import { type RoutesOptions, routes } from "./routes.ts";

const text = `
domain: lab.example
operators: [{ name: lab, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites: { north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 } }
tenants: { demo: { names: [hello.lab.example] } }
`;
const loaded = loadMap(text, "zcloud.yaml");
if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
const signed = (generation: number, signature: string): SignedMap => {
  return { v: 1, generation, map: "", keys: "", signer: "robin", signature };
};
const deployment = { tenant: "demo", project: "hello", files: { "compose.yaml": "services: {}\n" }, actor: "robin" };

/** The routes with buckets in memory; with `away` the bus takes nothing. */
function world(away = false, invalid: ReadonlyMap<string, string> = new Map()) {
  const stacks = new Map<string, StackEntry>();
  const maps = new Map<string, SignedMap>();
  const events: Partial<Event>[] = [];
  const asked: unknown[] = [];
  let time = -1_000;
  const status = new Map<string, { facts: object }>();
  const intents = new Map<string, Intent>();
  const entries = { map: maps, intents, stacks, endpoints: new Map(), status };
  const work = async (effect: () => void) => {
    if (away) throw new BusAwayError("write");
    effect();
  };
  const admin: RoutesOptions["admin"] = {
    putStack: (stack) => work(() => stacks.set(`${stack.tenant}.${stack.project}`, stack)),
    removeStack: (mark) => work(() => stacks.set(`${mark.tenant}.${mark.project}`, mark)),
    putMap: (map) => work(() => maps.set("current", map)),
    putIntent: (intent) => work(() => intents.set(keyOf("intents", intent), intent)),
    removeIntent: (intent) => work(() => intents.delete(keyOf("intents", intent))),
    readEvents: async (...args) => {
      asked.push(args);
      return [];
    },
  };
  const ctx = {
    bus: {
      connected: () => !away,
      replica: (bucket: keyof typeof entries) => ({
        entries: () => entries[bucket],
        invalid: () => (bucket === "stacks" ? invalid : new Map()),
        age: () => 5,
      }),
    },
    clock: { now: () => (time += 1_000) },
    view: () => ({ map: loaded.ok ? loaded.map : undefined }),
    event: (event: Partial<Event>) => events.push(event),
  } as unknown as RoleContext;
  const app = fastify();
  routes(app, { ctx, admin });
  return { app, stacks, status, maps, events, asked };
}

test("a stack is taken; the same files again are another try, as old as the first; it can be removed once", async () => {
  const { app, stacks, events } = world();
  const post = () => app.inject({ method: "POST", url: "/v1/stacks", payload: deployment });
  const first = await post();
  expect(first.statusCode).toBe(202);
  expect(stacks.get("demo.hello")).toMatchObject({ digest: first.json().digest });
  const again = await post();
  expect([again.statusCode, again.json().changed]).toEqual([202, false]);
  const since = first.json().deployedAt;
  expect(again.json().deployedAt).not.toBe(since);
  expect(stacks.get("demo.hello")).toMatchObject({ since, deployedAt: again.json().deployedAt });
  expect(events.map(({ kind, subject, reason, actor }) => `${kind} ${subject} ${actor}: ${reason}`)).toEqual([
    "stack-deployed demo/hello robin: new",
    "stack-deployed demo/hello robin: the same files again",
  ]);
  const listed = (await app.inject("/v1/stacks")).json();
  expect(listed.stacks).toMatchObject([{ tenant: "demo", project: "hello", files: ["compose.yaml"] }]);
  const remove = () => app.inject({ method: "DELETE", url: "/v1/stacks/demo/hello?actor=robin" });
  expect([(await remove()).statusCode, (await remove()).statusCode]).toEqual([202, 404]);
  const removed = { v: 1, tenant: "demo", project: "hello", removed: true, actor: "robin" };
  expect(stacks.get("demo.hello")).toEqual({ ...removed, removedAt: "1970-01-01T00:00:02.000Z" });
  const after = (await app.inject("/v1/stacks")).json();
  expect([after.stacks, after.removed]).toEqual([[], [expect.objectContaining(removed)]]);
  expect((await post()).statusCode).toBe(202);
  expect(stacks.get("demo.hello")).toMatchObject({ digest: first.json().digest });
});

test("what the bus can't read, and what only a host knows of, can be removed and sent again", async () => {
  const { app, stacks, status } = world(false, new Map([["demo.broken", "files: expected record"]]));
  status.set("zpod1", { facts: { stacks: [{ stack: "demo/lost", state: "degraded" }] } });
  const remove = async (stack: string) => {
    return (await app.inject({ method: "DELETE", url: `/v1/stacks/${stack}` })).statusCode;
  };
  expect((await app.inject("/v1/stacks")).json().unreadable).toEqual({ "demo.broken": "files: expected record" });
  expect([await remove("demo/broken"), await remove("demo/lost"), await remove("demo/never")]).toEqual([202, 202, 404]);
  expect([...stacks.keys()]).toEqual(["demo.broken", "demo.lost"]);
  stacks.set("demo.broken", { ...deployment, v: 1, digest: "last good", deployedAt: "2026-11-22T12:00:00Z" });
  const payload = { ...deployment, project: "broken" };
  expect((await app.inject({ method: "POST", url: "/v1/stacks", payload })).statusCode).toBe(202);
});

test("a refused stack changes nothing and says everything that is wrong", async () => {
  const { app, stacks } = world();
  const payload = { ...deployment, tenant: "nobody", files: {} };
  const answer = await app.inject({ method: "POST", url: "/v1/stacks", payload });
  expect(answer.statusCode).toBe(422);
  expect(answer.json().problems).toHaveLength(2);
  expect(stacks.size).toBe(0);
});

test("a map goes to the bus unless it is older than what is there", async () => {
  const { app, maps } = world();
  const post = async (payload: object) => (await app.inject({ method: "POST", url: "/v1/map", payload })).statusCode;
  expect(await post(signed(2, "a"))).toBe(202);
  expect(await post(signed(2, "a"))).toBe(200);
  expect(await post(signed(1, "b"))).toBe(409);
  expect(await post({ generation: 3 })).toBe(422);
  expect(maps.get("current")?.generation).toBe(2);
});

test("without a bus nothing is pretended", { timeout: 20_000 }, async () => {
  const { app, events } = world(true);
  const answer = await app.inject({ method: "POST", url: "/v1/stacks", payload: deployment });
  expect(answer.statusCode).toBe(503);
  expect(answer.json().error).toContain("systemctl status nats-server");
  expect(events).toEqual([]);
});

test("events are asked for by time or milliseconds, within limits", async () => {
  const { app, asked } = world();
  await app.inject("/v1/events?since=2026-11-22T15:00:00Z&limit=5");
  await app.inject("/v1/events?since=1000");
  expect(asked).toEqual([
    [Date.parse("2026-11-22T15:00:00Z"), 5],
    [1_000, 200],
  ]);
  expect((await app.inject("/v1/events?limit=0")).statusCode).toBe(400);
  expect((await app.inject("/v1/events?since=yesterday")).statusCode).toBe(400);
});

test("endpoints of both sites, as known, with the age of the knowledge", async () => {
  const { app } = world();
  expect((await app.inject("/v1/endpoints")).json()).toEqual({
    site: { endpoints: [], age: 5 },
    peer: { endpoints: [], age: 5 },
  });
});

test("a drain stands until it is taken back; said again, it is as old as it was", async () => {
  const { app, events } = world();
  const wish = { kind: "drain", subject: "north/zpod1", reason: "new disk", actor: "robin" };
  const post = () => app.inject({ method: "POST", url: "/v1/intents", payload: wish });
  const first = await post();
  expect([first.statusCode, first.json().changed]).toEqual([202, true]);
  expect([(await post()).json().changed, (await post()).json().intent.at]).toEqual([false, first.json().intent.at]);
  expect((await app.inject("/v1/intents")).json().intents).toEqual([{ v: 1, ...wish, at: first.json().intent.at }]);
  const end = () => app.inject({ method: "DELETE", url: "/v1/intents", payload: { ...wish, reason: "" } });
  expect([(await end()).json().changed, (await end()).json().changed]).toEqual([true, false]);
  expect((await app.inject("/v1/intents")).json().intents).toEqual([]);
  expect(events.map(({ kind, subject, reason, actor }) => `${kind} ${subject} ${actor}: ${reason}`)).toEqual([
    "drain-began north/zpod1 robin: new disk",
    "drain-ended north/zpod1 robin: an operator took it back",
  ]);
});

test.each([
  [{ kind: "drain", subject: "north/zpod9" }, "the map has no host north/zpod9"],
  [{ kind: "drain", subject: "north/zpod1; x" }, "site/host"],
  [{ kind: "maintenance", subject: "nobody/wiki" }, "the map has no tenant nobody"],
  [{ kind: "maintenance", subject: "demo" }, "tenant/project"],
  [{ kind: "stop", subject: "north" }, "kind"],
])("an intent that nothing can come of is refused: %j", async (wish, what) => {
  const answer = await world().app.inject({ method: "POST", url: "/v1/intents", payload: { ...wish, actor: "robin" } });
  expect([answer.statusCode, answer.json().error]).toEqual([422, expect.stringContaining(what)]);
});

test("while the bus is away an intent is refused with what helps", async () => {
  const payload = { kind: "drain", subject: "north", actor: "robin" };
  const answer = await world(true).app.inject({ method: "DELETE", url: "/v1/intents", payload });
  expect([answer.statusCode, answer.json().error]).toEqual([503, expect.stringContaining("systemctl status")]);
}, 20_000);
