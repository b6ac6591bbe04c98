import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
const GiB = 2 ** 30;
const pages = {
  ...{ volume: "garden/wiki/pages", size: 5 * GiB, used: 4.5 * GiB, createdAt: "2026-11-01T14:00:00Z" },
  ...{ state: "ready", trashedAt: null, clients: ["zcloud.north.zpod1.garden"] },
  snapshots: [
    { name: "before-the-move", at: "2026-11-20T14:00:00Z" },
    { name: "scheduled-20261122T1300Z", at: "2026-11-22T13:00:00Z" },
  ],
};
const old = {
  ...{ volume: "demo/notes/data", size: GiB, used: 0, createdAt: "2026-11-01T14:00:00Z", state: "ready" },
  ...{ trashedAt: "2026-11-20T14:00:00Z", clients: [], snapshots: [] },
};
const path = "POST /v1/volumes/garden/wiki/pages";
let directory: string;
let world: World;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-volumes-"));
  cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
  world = new World(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const zstore = (site: string, agent: Record<string, (body?: unknown) => [number, object]>) => {
  world.host(`${site}/zstore`).script = { agent } as never;
};

test("all volumes, what is in the trash last; one with its snapshots", async () => {
  zstore("north", { "GET /v1/volumes": () => [200, { volumes: [old, pages] }] });
  expect(await world.zctl("volumes")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "VOLUME             SIZE  USED           SNAPSHOTS   STATE
    garden/wiki/pages  5G    4.5G (90 %)    2, 1 h ago  ready
    demo/notes/data    1G    0 bytes (0 %)  none        in the trash for 12 d more; zctl volumes recover demo/notes/data
    "
  `);
  expect(await world.zctl("volumes", "garden/wiki/pages")).toBe(0);
  expect(world.out).toMatchInlineSnapshot(`
    "garden/wiki/pages
    size        5G, 4.5G (90 %) of it used
    made        21 d ago
    state       ready
    mounted by  zcloud.north.zpod1.garden
    snapshots:
      scheduled-20261122T1300Z  1 h ago
      before-the-move           2 d ago
    "
  `);
  expect(await world.zctl("volumes", "garden/wiki/nothing")).toBe(1);
  expect(world.err).toContain("there is no volume garden/wiki/nothing");
});

test("the other site answers where one does not", async () => {
  zstore("north", { "GET /v1/volumes": () => [503, { error: "none of Ceph's managers answers" }] });
  zstore("south", { "GET /v1/volumes": () => [200, { volumes: [pages] }] });
  expect(await world.zctl("volumes", "--json")).toBe(0);
  expect(JSON.parse(world.out)).toEqual({ v: 1, volumes: [pages] });
  zstore("south", { "GET /v1/volumes": () => [503, { error: "the monitors don't answer" }] });
  expect(await world.zctl("volumes")).toBe(1);
  expect(world.err).toMatchInlineSnapshot(`
    "north/zstore: none of Ceph's managers answers
    south/zstore: the monitors don't answer
    no zstore could do it
      zctl status: are the zstores up, and do Ceph's monitors have a quorum?
    "
  `);
});

test("what is wished for goes to a zstore with who wished it", async () => {
  const wishes: unknown[] = [];
  const noted = (wish: unknown): [number, object] => {
    wishes.push(wish);
    return [200, { volume: pages }];
  };
  zstore("north", { [path]: noted });
  expect(await world.zctl("volumes", "resize", "garden/wiki/pages", "6G")).toBe(0);
  expect(await world.zctl("volumes", "snapshot", "garden/wiki/pages")).toBe(0);
  expect(await world.zctl("volumes", "clone", "garden/wiki/pages", "before", "garden/wiki/then")).toBe(0);
  expect(await world.zctl("volumes", "purge", "garden/wiki/pages", "--yes")).toBe(0);
  expect(wishes).toEqual([
    { do: "resize", size: 6 * GiB },
    { do: "snapshot", name: "by-hand-20261122T140000Z" },
    { do: "clone", name: "before", to: "garden/wiki/then" },
    { do: "purge" },
  ]);
});

test("what Ceph can't do, with the remedy; what nobody understands", async () => {
  const remedy = "delete something in it first";
  zstore("north", { [path]: () => [409, { error: "garden/wiki/pages holds 4G", remedy }] });
  expect(await world.zctl("volumes", "resize", "garden/wiki/pages", "1G")).toBe(1);
  expect(world.err).toContain("garden/wiki/pages holds 4G");
  expect(world.err).toContain(remedy);
  for (const line of [
    ["grow", "garden/wiki/pages"],
    ["resize", "garden/wiki/pages"],
    ["resize", "garden/wiki/pages", "much"],
    ["purge", "garden/wiki/pages"],
    ["trash", "garden/wiki"],
    ["trash"],
  ])
    expect(await world.zctl("volumes", ...line), line.join(" ")).toBe(2);
});
