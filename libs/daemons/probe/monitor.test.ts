import type { Uptime } from "@zcloud/events";
import { type ManualClock, manualClock } from "@zcloud/reconcile/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { begin, lasting } from "./account.ts";
import { type Change, createMonitor, type Monitor } from "./monitor.ts";
import { type Target, targetsOf } from "./targets.ts";
import type { Outcome } from "./verdict.ts";

const doors = [
  { site: "north", address: "10.64.1.3", port: 443 },
  { site: "south", address: "203.0.113.10", port: 443 },
];
const routes = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    key: `demo/app/s${index}`,
    places: [`s${index}.example/`],
    health: "/",
  }));
const good: Outcome = { ok: true, ms: 5, servedBy: "north" };
const bad = (kind: "status" | "connect" = "status"): Outcome => ({ ok: false, ms: 5, kind, reason: "answered 503" });
const start = Date.parse("2026-11-23T02:00:00Z");

let clock: ManualClock;
let asked: Target[];
let changes: Change[];
let answer: (target: Target) => Outcome | Promise<Outcome>;
let monitor: Monitor;

beforeEach(() => {
  clock = manualClock(start);
  asked = [];
  changes = [];
  answer = () => good;
  monitor = make();
});

function make(): Monitor {
  return createMonitor({
    host: "north/zfront",
    clock,
    random: () => 0.5,
    ask: async (target) => {
      asked.push(target);
      return answer(target);
    },
    changed: (change) => void changes.push(change),
  });
}

const said = (): string[] => changes.map(({ to, target }) => `${to} ${target.endpoint} ${target.door.site}`);
const history = (key = "zfront.demo.app.s0.north"): Uptime | undefined => monitor.histories().get(key);

describe("what is probed", () => {
  test("every endpoint with a name at every door, every 30 s while all is well", async () => {
    const nameless = { key: "demo/app/tcp", places: [], health: "/" };
    monitor.want(targetsOf([...routes(1), nameless], doors));
    await clock.advance(2_000 + 5 * 30_000);
    expect(asked.filter(({ door }) => door.site === "south")).toHaveLength(6);
    expect(asked).toHaveLength(12);
    expect(said()).toEqual([]);
  });

  test("never more than 20 a second, nor 10 at once, and nobody is forgotten", async () => {
    let [running, most] = [0, 0];
    answer = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => clock.after(2_000, resolve));
      running -= 1;
      return good;
    };
    monitor.want(targetsOf(routes(50), doors));
    await clock.advance(2_000);
    expect(asked.length).toBeLessThanOrEqual(21);
    expect(most).toBe(10);
    await clock.advance(60_000);
    expect(new Set(asked).size).toBe(100);
  });

  test("what has gone is not asked any more, and its history is kept", async () => {
    monitor.want(targetsOf(routes(2), doors));
    await clock.advance(2_000);
    monitor.want(targetsOf(routes(1), doors));
    asked = [];
    await clock.advance(60_000);
    expect(new Set(asked.map(({ endpoint }) => endpoint))).toEqual(new Set(["demo/app/s0"]));
    expect(history("zfront.demo.app.s1.south")).toBeDefined();
  });
});

test("names and ports of a service have histories of their own, and a hint about the service is one about both", async () => {
  const port = { key: "demo/app/s0/:25", places: [], health: "/", port: 25 };
  monitor.want(targetsOf([...routes(1), port], doors));
  await clock.advance(2_000);
  const before = asked.length;
  monitor.hasten(["demo/app/s0"]);
  await clock.advance(500);
  expect(asked.slice(before).map(({ name, door }) => `${name} ${door.port}`)).toEqual([
    ...["s0.example 443", "s0.example 443", "port 25 25", "port 25 25"],
  ]);
  expect(history("zfront.demo.app.s0.north=25")).toMatchObject({ service: "s0", door: "north", port: 25 });
  expect(history()?.port).toBeUndefined();
});

describe("an outage", () => {
  beforeEach(async () => {
    monitor.want(targetsOf(routes(1), doors));
    await clock.advance(45_000);
    answer = () => bad();
  });

  test("is known at both doors within two seconds of a hint, and in the history from its beginning", async () => {
    const began = clock.now();
    monitor.hasten(["demo/app/s0"]);
    await clock.advance(2_000);
    expect(said()).toEqual(["down demo/app/s0 north", "down demo/app/s0 south"]);
    answer = () => good;
    await clock.advance(10_000);
    expect(said().slice(2)).toEqual(["up demo/app/s0 north", "up demo/app/s0 south"]);
    const [outage] = history()?.outages ?? [];
    expect(outage).toMatchObject({ from: new Date(began).toISOString(), reason: "status: answered 503" });
    const seconds = (Date.parse(outage?.to ?? "") - began) / 1_000;
    expect(seconds).toBe(4);
    expect(history()?.days).toEqual([{ day: "2026-11-23", ok: expect.any(Number), failed: 2, down: 4, unwatched: 0 }]);
  });

  test("without a hint it is known within the interval; the first doubt hastens the other door", async () => {
    answer = ({ door }) => (door.site === "north" ? bad() : good);
    await clock.advance(32_000);
    expect(said()).toEqual(["down demo/app/s0 north"]);
  });

  test("a blip between two good answers is none", async () => {
    let first = true;
    answer = ({ door }) => {
      if (door.site === "north" && first) {
        first = false;
        return bad();
      }
      return good;
    };
    monitor.hasten(["demo/app/s0"]);
    await clock.advance(60_000);
    expect(said()).toEqual([]);
    expect(history()).toMatchObject({ outages: [], days: [{ failed: 1, down: 0 }] });
  });

  test("shorter than a second is a blip, whoever hints at it", async () => {
    monitor.hasten(["demo/app/s0"]);
    await clock.advance(100);
    monitor.hasten(["demo/app/s0"]);
    await clock.advance(500);
    answer = () => good;
    await clock.advance(60_000);
    expect(said()).toEqual([]);
    expect(history()).toMatchObject({ outages: [], days: [{ failed: 1, down: 0 }] });
  });

  test("that is hinted at while a probe is under way is not overlooked", async () => {
    answer = async () => {
      await new Promise<void>((resolve) => clock.after(300, resolve));
      return good;
    };
    monitor.hasten(["demo/app/s0"]);
    await clock.advance(200);
    answer = () => bad();
    monitor.hasten(["demo/app/s0"]);
    await clock.advance(3_000);
    expect(said()).toEqual(["down demo/app/s0 north", "down demo/app/s0 south"]);
  });

  test("goes on over a restart of the service, without being told again", async () => {
    await clock.advance(60_000);
    const kept = [...monitor.histories().values()];
    monitor.stop();
    changes = [];
    monitor = make();
    monitor.remember(kept);
    monitor.want(targetsOf(routes(1), doors));
    expect(monitor.watched().map(({ verdict }) => [verdict.state, verdict.failure?.kind])).toEqual([
      ["down", "status"],
      ["down", "status"],
    ]);
    await clock.advance(60_000);
    expect(changes).toEqual([]);
    answer = () => good;
    await clock.advance(12_000);
    expect(said().sort()).toEqual(["up demo/app/s0 north", "up demo/app/s0 south"]);
    expect(history()?.outages).toHaveLength(1);
  });

  test("of a stack that is removed is over", async () => {
    await clock.advance(60_000);
    monitor.want(new Map());
    const kept = history();
    expect(kept && lasting(kept)).toBeUndefined();
  });
});

test("nobody looked while the service was off, and that is neither up nor down", async () => {
  monitor.want(targetsOf(routes(1), doors));
  await clock.advance(10_000);
  const kept = [...monitor.histories().values()];
  monitor.stop();
  await clock.advance(3_600_000);
  monitor = make();
  monitor.remember(kept);
  monitor.want(targetsOf(routes(1), doors));
  await clock.advance(31_000);
  expect(history()?.days).toMatchObject([{ down: 0, unwatched: expect.any(Number) }]);
  expect(history()?.days[0]?.unwatched).toBeGreaterThan(3_590);
});

test("histories of another host are not ours", () => {
  const foreign = begin({ host: "south/zfront", tenant: "demo", project: "app", service: "s0", door: "north" }, start);
  monitor.remember([foreign]);
  expect(monitor.histories().size).toBe(0);
});

test("a new endpoint that waits for its certificate is no outage; after a minute it is", async () => {
  answer = () => bad();
  monitor.want(targetsOf(routes(1), doors));
  await clock.advance(50_000);
  expect(said()).toEqual([]);
  expect(history()).toBeUndefined();
  await clock.advance(15_000);
  expect(said()).toEqual(["down demo/app/s0 north", "down demo/app/s0 south"]);
});
