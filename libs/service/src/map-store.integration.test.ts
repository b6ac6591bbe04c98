import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { tempDir } from "@zcloud/testing";
import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import { enrolledHost, type TestOperator, testMap, testOperator } from "./map.test-support.ts";
import { createMapStore, type MapStore } from "./map-store.ts";
import type { RolePaths } from "./paths.ts";
import type { NewEvent } from "./role.ts";

const keys = tempDir();
const robin: TestOperator = testOperator(keys, "robin");
const mallory: TestOperator = testOperator(keys, "mallory");

let paths: RolePaths;
let events: NewEvent[];
let store: MapStore;

function open(id = "north/zpod1"): MapStore {
  const event = (happened: NewEvent): void => void events.push(happened);
  return createMapStore({ id, host: new LocalHost(), paths, log: pino({ level: "silent" }), event });
}

beforeEach(async () => {
  paths = enrolledHost(tempDir(), "north/zpod1", robin.line);
  mkdirSync(paths.state, { recursive: true });
  events = [];
  store = open();
  await store.load();
});

const mapFile = (): string => join(paths.etc, "map.json");
const lastEvent = (): string => `${events.at(-1)?.kind}: ${events.at(-1)?.reason}`;

test("a map that an operator signed is taken, and survives a restart without its source", async () => {
  const views: number[] = [];
  store.onChange((view) => views.push(view.generation));
  writeFileSync(mapFile(), JSON.stringify(robin.sign(4)));
  await store.lookAtFile();
  expect(store.current()).toMatchObject({ generation: 4, self: { id: "north/zpod1" }, site: { name: "north" } });
  expect(views).toEqual([4]);
  expect(lastEvent()).toBe("map-accepted: generation 4, signed by robin");

  rmSync(mapFile());
  writeFileSync(join(paths.etc, "operators"), mallory.line);
  const again = open();
  await again.load();
  expect(again.current()?.generation).toBe(4);
});

test("the newest of several sources is in force", async () => {
  writeFileSync(mapFile(), JSON.stringify(robin.sign(2)));
  await store.lookAtFile();
  await store.offer("bus", robin.sign(5, testMap("other.example")));
  expect(store.current()).toMatchObject({ generation: 5, map: { domain: "other.example" } });
  await store.lookAtFile();
  expect(store.current()?.generation).toBe(5);
  expect(store.problems()).toEqual([]);
});

test("looking at an unchanged file costs nothing and says nothing", async () => {
  writeFileSync(mapFile(), JSON.stringify(robin.sign(2)));
  for (let times = 0; times < 3; times++) await store.lookAtFile();
  expect(events).toHaveLength(1);
});

test("an older map that a source held from before is no news; one that comes later is refused", async () => {
  await store.offer("bus", robin.sign(5));
  writeFileSync(mapFile(), JSON.stringify(robin.sign(3)));
  await store.lookAtFile();
  expect(store.problems()).toEqual([]);
  await store.offer("bus", robin.sign(4));
  expect(store.current()?.generation).toBe(5);
  expect(lastEvent()).toBe("map-refused: generation 4 is older than 5, which is in force");
  expect(store.problems()).toEqual([
    { what: "the map in the bus is refused: generation 4 is older than 5, which is in force", remedy: "zctl apply" },
  ]);
  await store.offer("bus", robin.sign(6));
  expect(store.problems()).toEqual([]);
});

describe("refused, and what was in force stays", () => {
  beforeEach(async () => {
    await store.offer("bus", robin.sign(1));
  });

  async function refusal(signed: unknown): Promise<string> {
    writeFileSync(mapFile(), typeof signed === "string" ? signed : JSON.stringify(signed));
    await store.lookAtFile();
    expect(store.current()).toMatchObject({ generation: 1, map: { domain: "lab.example" } });
    expect(store.problems()[0]?.what).toContain(`the map in ${mapFile()} is refused`);
    expect(readFileSync(join(paths.state, "map.json"), "utf8")).toContain('"generation":1');
    return lastEvent();
  }

  test("signed by somebody else", async () => {
    expect(await refusal(mallory.sign(2))).toMatch(/no operator of .* named mallory signed it/);
  });

  test("signed by somebody else in an operator's name", async () => {
    expect(await refusal({ ...mallory.sign(2), signer: "robin" })).toMatch(/no operator of .* named robin signed it/);
  });

  test.each(["map", "keys", "generation"] as const)("with another %s than was signed", async (field) => {
    const signed = robin.sign(2);
    const changed = { ...signed, [field]: field === "generation" ? 3 : `${signed[field]}\n` };
    expect(await refusal(changed)).toContain("signed it");
  });

  test("the same generation with another text", async () => {
    expect(await refusal(robin.sign(1, testMap("other.example")))).toContain("two maps carry the same number");
  });

  test("signed, but wrong", async () => {
    expect(await refusal(robin.sign(2, testMap().replace("10.64.1.0/24", "nonsense")))).toMatch(/zcloud\.yaml:\d+:\d+/);
  });

  test("signed, but without this host", async () => {
    expect(await refusal(robin.sign(2, testMap().replace("north:", "west:")))).toContain("this host is north/zpod1");
  });

  test("cut short", async () => {
    expect(await refusal(JSON.stringify(robin.sign(2)).slice(0, 200))).toContain("it is not JSON");
  });

  test("something else", async () => {
    expect(await refusal({ v: 1 })).toContain("it is not a signed map");
  });
});

test("an unusable last-known copy does not keep a good map out", async () => {
  writeFileSync(join(paths.state, "map.json"), '{"v":1');
  const again = open();
  await again.load();
  expect(again.current()).toBeUndefined();
  await again.offer("bus", robin.sign(1));
  expect(again.current()?.generation).toBe(1);
});
