import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exits } from "./exit.ts";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
let directory: string;
let world: World;
let asked: string[];

const line = (host: string, second: number, more: object) =>
  JSON.stringify({ at: `2026-11-22T14:00:0${second}.000001+00:00`, ...more, host, kind: "journal" });

/** Each site's answer: its lines, or why it has none. */
function answers(sites: Readonly<Record<string, readonly string[] | Error>>): void {
  world.stream = async function* (argv) {
    const site = argv.find((word) => word.endsWith("/znet"))?.split("/")[0] ?? "";
    asked.push(`${site} ${/v1\/logs\?([^']*)/.exec(argv.join(" "))?.[1] ?? ""}`);
    const answer = sites[site] ?? [];
    if (answer instanceof Error) throw answer;
    yield answer;
  };
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-logs-"));
  cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
  const ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  writeFileSync(join(directory, "zcloud.keys.json"), JSON.stringify({ v: 1, ca, acmeThumbprint: null, hosts: {} }));
  world = new World(directory);
  asked = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a token is made, shown once, and opens what its hash in the map says", async () => {
  expect(await world.zctl("token", "demo", "--json")).toBe(0);
  const { token, hash, urls } = JSON.parse(world.out) as Record<string, string>;
  expect(hash).toBe(
    `sha256:${createHash("sha256")
      .update(token ?? "")
      .digest("hex")}`,
  );
  expect(token).toMatch(/^zcl_[\w-]{43}$/);
  expect(urls).toEqual(["https://logs.lab.example/north/", "https://logs.lab.example/south/"]);
  expect(await world.zctl("token", "demo")).toBe(0);
  expect(world.out).not.toContain(token);
  expect(await world.zctl("token", "nobody")).toBe(exits.usage.code);
});

test("both sites' lines as one, in order of time; nothing in them steers the terminal", async () => {
  answers({
    north: [
      line("north/zpod1", 1, { tag: "x", pid: "7", msg: "one\u001b[2J" }),
      line("north/zpod1", 3, { tag: "x", msg: "three" }),
    ],
    south: [line("south/zpod1", 2, { service: "demo/hello/web", msg: "two\nlines", level: "err" })],
  });
  expect(await world.zctl("logs")).toBe(0);
  expect(world.out.split("\n")).toEqual([
    "2026-11-22 14:00:01  north/zpod1    x[7]: one",
    "2026-11-22 14:00:02  south/zpod1    demo/hello/web: two lines",
    "2026-11-22 14:00:03  north/zpod1    x: three",
    "",
  ]);
  expect(asked).toEqual(["north limit=100", "south limit=100"]);
  expect(await world.zctl("logs", "--json")).toBe(0);
  expect(
    world.out
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text).host),
  ).toEqual(["north/zpod1", "south/zpod1", "north/zpod1"]);
});

test.each<[readonly string[], readonly string[]]>([
  [["north/zpod1"], ["north host=zpod1&limit=100"]],
  [
    ["zfront", "--access", "--limit", "5"],
    ["north host=zfront&kind=access&limit=5", "south host=zfront&kind=access&limit=5"],
  ],
  [["demo/hello", "--site", "south", "-f"], ["south service=demo%2Fhello&limit=100&follow=true"]],
  [
    ["demo", "--site", "north", "--since", "1h", "--grep", "a b"],
    ["north service=demo&grep=a+b&since=2026-11-22T13%3A00%3A00.000Z"],
  ],
])("%s", async (words, expected) => {
  answers({});
  expect(await world.zctl("logs", ...words)).toBe(0);
  expect(asked).toEqual(expected);
});

test("what our own services write is read as people read it", async () => {
  const msg = JSON.stringify({ level: "warn", time: "x", name: "znet", part: "bus", n: 1, msg: "trying on" });
  answers({
    north: [
      line("north/znet", 1, { tag: "zcloud-znet", pid: "7", msg }),
      line("north/znet", 2, { tag: "a", msg: '{"level":' }),
    ],
  });
  await world.zctl("logs", "--site", "north");
  expect(world.out.split("\n").map((row) => row.slice(36))).toEqual([
    "zcloud-znet[7]: trying on part=bus n=1",
    'a: {"level":',
    "",
  ]);
});

test("a request, as people read it", async () => {
  const request = {
    client: "192.0.2.0",
    method: "GET",
    name: "hello.lab.example",
    path: "/a",
    status: 200,
    total_ms: 3,
    served_by: "north",
  };
  const text = JSON.stringify({
    at: "2026-11-22T14:00:01.300+0000",
    ...request,
    endpoint: "demo/hello/web",
    host: "north/zfront",
    kind: "access",
  });
  answers({ north: [text] });
  await world.zctl("logs", "--access", "--site", "north");
  expect(world.out).toBe(
    "2026-11-22 14:00:01  north/zfront   200  192.0.2.0  GET hello.lab.example/a  3 ms by north  demo/hello/web\n",
  );
});

test("a site that can't be asked is said, and the other's lines are shown", async () => {
  answers({
    north: [line("north/zpod1", 1, { tag: "x", msg: "here" })],
    south: new Error("run ssh: exit 255: channel 0: open failed\nssh: connect: timed out"),
  });
  expect(await world.zctl("logs")).toBe(exits.unreachable.code);
  expect(world.out).toContain("x: here");
  expect(world.err).toBe("south/znet is unreachable from here: ssh: connect: timed out\n");
});

test("what nobody is called, and what the agent refuses", async () => {
  expect(await world.zctl("logs", "garden/wiki")).toBe(exits.usage.code);
  expect(world.err).toMatch(/neither a host nor a tenant's[\s\S]*tenants: demo$/m);
  expect(await world.zctl("logs", "hello")).toBe(exits.usage.code);
  expect(world.err).toContain("tenants: demo; a stack is said with its tenant: demo/hello");
  world.stream = async function* () {
    yield ['{"error":"8 others read the log"}'];
    throw new Error("run ssh: exit 22: curl: (22)");
  };
  expect(await world.zctl("logs", "--site", "north")).toBe(exits.problem.code);
  expect(world.err).toBe("north/znet: 8 others read the log\n");
});
