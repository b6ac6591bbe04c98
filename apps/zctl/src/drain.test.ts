import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
let directory: string;
let world: World;
let intents: Record<string, unknown>[];
let late: number;

/** Both sites: znets take wishes, fronts do as they say after `late` looks, with three requests under way. */
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-drain-"));
  cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
  world = new World(directory);
  intents = [];
  late = 2;
  const servers = [{ name: "c0ffee112233", host: "north/zpod1", state: "UP" }];
  const route = { names: ["hello.lab.example"], endpoint: "demo/hello:web", servers, certificate: { name: "x" } };
  for (const site of ["north", "south"]) {
    world.host(`${site}/znet`).script = {
      agent: {
        "POST /v1/intents": (body) => {
          if (site === "north") intents.push({ ...(body as object), at: "2026-11-22T13:58:00.000Z" });
          return [202, {}];
        },
        "DELETE /v1/intents": () => {
          intents = [];
          return [202, {}];
        },
      },
    };
    world.host(`${site}/zfront`).script = {
      agent: {
        "GET /v1/routes": () => [200, { routes: [route] }],
        "GET /v1/intents": () => {
          const done = late-- <= 0;
          const more = { done, endpoints: ["demo/hello:web"], kept: [], underWay: site === "north" ? 3 : 0 };
          return [200, { intents: intents.map((one) => ({ ...one, ...more })) }];
        },
      },
    };
  }
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("drain waits for the fronts and says what is under way; it is listed, and taken back", async () => {
  expect(await world.zctl("drain", "north/zpod1", "--reason", "new disk")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "✓ north    drain of north/zpod1 in force; 3 requests still under way
    ✓ south    drain of north/zpod1 in force
    "
  `);
  expect(intents).toMatchObject([{ kind: "drain", subject: "north/zpod1", reason: "new disk", actor: "lab" }]);
  expect(await world.zctl("drain")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "north/zpod1  at north and south  by lab, 2 min  3 requests under way  new disk
    "
  `);
  expect(await world.zctl("undrain", "north/zpod1")).toBe(0);
  expect(intents).toEqual([]);
  await world.zctl("drain");
  expect(world.out).toBe("Nothing is drained.\n");
});

test("a server by the beginning of its id; a stack, and a service of it", async () => {
  expect(await world.zctl("drain", "c0ffee")).toBe(0);
  expect(await world.zctl("maintenance", "on", "demo/hello")).toBe(0);
  expect(await world.zctl("maintenance", "on", "demo/hello:web")).toBe(0);
  expect(intents.map(({ subject }) => subject)).toEqual(["c0ffee", "demo/hello", "demo/hello:web"]);
});

test.each([
  [["drain", "north/zpod11"], "did you mean north/zpod1?"],
  [["drain", "nort"], "did you mean north?"],
  [["drain", "c0f"], "there is no site, host or server c0f"],
  [["maintenance", "on", "demo/helo"], "did you mean demo/hello?"],
  [["maintenance", "up", "demo/hello"], "on or off"],
])("what is not there is not drained: %j", async (argv, said) => {
  expect(await world.zctl(...argv)).toBeGreaterThan(0);
  expect(world.err + world.out).toContain(said);
  expect(intents).toEqual([]);
});

test("a front that does not do it in time, and a site out of reach, are told of", async () => {
  late = Number.POSITIVE_INFINITY;
  expect(await world.zctl("drain", "north")).toBe(1);
  expect(world.out).toContain("has not done it yet");
  late = 0;
  for (const name of ["znet", "zfront"]) world.host(`south/${name}`).script = { down: true };
  expect(await world.zctl("drain", "north")).toBe(3);
  expect(world.out).toContain("south/znet is unreachable from here");
});
