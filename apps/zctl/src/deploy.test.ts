import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost, type RunOptions, type RunResult } from "@zcloud/host";
import { afterEach, beforeEach, expect, test } from "vitest";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
const hello = join(repository, "deploy/stacks/hello");
const notes = join(repository, "deploy/stacks/notes");
const digest = "d1";
const deployedAt = "2026-11-22T14:00:00.000Z";
let directory: string;
let world: World;
/** What a front door answers, by public address; asked so many times before. */
let doors: (address: string, times: number) => { status: number; stdout?: string; stderr?: string };

/** This machine, but for curl: front doors are the test's. */
class Doors extends LocalHost {
  asked: string[] = [];
  override async run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    if (!argv.includes("curl")) return super.run(argv, options);
    const address = (argv[argv.indexOf("--resolve") + 1] ?? "").split(":")[2] ?? "";
    const times = this.asked.filter((one) => one === address).length;
    this.asked.push(address);
    return { stdout: "", stderr: "", ...doors(address, times) };
  }
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-deploy-"));
  cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
  writeFileSync(join(directory, "context.json"), '{"via":["env"]}');
  world = new World(directory);
  world.local = new Doors();
  doors = (address) => ({ status: 0, stdout: `200 0.031 ${address === "203.0.113.10" ? "south" : "north"}` });
  for (const site of ["north", "south"]) {
    world.host(`${site}/znet`).script = { agent: { "POST /v1/stacks": () => [202, { digest, deployedAt }] } };
    runs(`${site}/zpod1`, { state: "running", reasons: [], digest });
  }
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function runs(id: string, report: object, stack = "demo/hello"): void {
  world.host(id).script = { agent: { "GET /v1/stacks": () => [200, { stacks: [{ stack, ...report }] }] } };
}

test("policy, hosts, certificate, and what visitors get through both doors", async () => {
  expect(await world.zctl("deploy", hello, "--tenant", "demo")).toBe(0);
  expect(world.out.replace(/\d+ keys/, "N keys")).toMatchInlineSnapshot(`
    "✓ policy      N keys checked
    ✓ north/zpod1 started, healthy in 0 ms
    ✓ south/zpod1 started, healthy in 0 ms
    ✓ certificate hello.lab.example (north, south) 0 ms
    ✓ served      https://hello.lab.example/healthz  200 through north (31 ms) and south (31 ms)
    "
  `);
  const sent = world.host("north/znet").ran[0];
  expect(sent).toContain("-X POST");
});

test("the certificate comes later: it is waited for, and timed", async () => {
  doors = (_address, times) =>
    times < 10 ? { status: 60, stderr: "curl: (60) self-signed" } : { status: 0, stdout: "200 0.03 north" };
  expect(await world.zctl("deploy", hello, "--tenant", "demo")).toBe(0);
  expect(world.out).toMatch(/✓ certificate hello\.lab\.example \(north, south\) \d\.\d s/);
  expect(world.out).toContain("200 through north (30 ms) and south (30 ms, by north)");
});

test("nothing is called served that a visitor did not get", async () => {
  doors = (address) =>
    address === "203.0.113.10" ? { status: 0, stdout: "503 0.010 " } : { status: 0, stdout: "200 0.031 north" };
  expect(await world.zctl("deploy", hello, "--tenant", "demo", "--patience", "5")).toBe(1);
  expect(world.out).toContain(
    "✗ served      https://hello.lab.example/healthz  200 through north (31 ms); not through south: it answers 503",
  );
});

test("an answer without a certificate that visitors trust is no answer", async () => {
  doors = () => ({ status: 60, stderr: "curl: (60) SSL certificate problem: self-signed certificate" });
  expect(await world.zctl("deploy", hello, "--tenant", "demo", "--patience", "5")).toBe(1);
  expect(world.out).not.toContain("✓ certificate");
  expect(world.out).not.toContain("✓ served");
});

test("a host that failed says why at once; old news, of other files or an earlier try, does not count", async () => {
  const failed = { state: "failed", reasons: ["web is unhealthy"], digest: "d0", tried: digest, triedAt: deployedAt };
  for (const site of ["north", "south"]) runs(`${site}/zpod1`, failed);
  expect(await world.zctl("deploy", hello, "--tenant", "demo")).toBe(1);
  expect(world.out).toContain("✗ north/zpod1 failed: web is unhealthy");
  expect(world.out).not.toContain("served");
  for (const old of [{ tried: "d0" }, { triedAt: "2026-11-22T13:00:00.000Z" }]) {
    for (const site of ["north", "south"]) runs(`${site}/zpod1`, { ...failed, ...old });
    expect(await world.zctl("deploy", hello, "--tenant", "demo", "--patience", "3")).toBe(1);
    expect(world.out).toContain("is not healthy yet: the host still speaks of the try before");
  }
});

test("a site out of reach: the other serves, the one is named, exit 3", async () => {
  for (const id of ["south/znet", "south/zpod1"]) world.host(id).script = { down: true };
  expect(await world.zctl("deploy", hello, "--tenant", "demo")).toBe(3);
  expect(world.out).toContain("✗ accepted    south/znet is unreachable from here");
  expect(world.out).toContain("✓ north/zpod1 started");
});

test("a stack with a home goes there only, and nowhere else by mistake", async () => {
  for (const site of ["north", "south"]) runs(`${site}/zpod1`, { state: "running", reasons: [], digest }, "demo/notes");
  expect(await world.zctl("deploy", notes, "--tenant", "demo")).toBe(0);
  expect(world.host("south/znet").ran).toEqual([]);
  expect(await world.zctl("deploy", notes, "--tenant", "demo", "--site", "south")).toBe(2);
  expect(world.err).toContain("the stack's home is north");
});

test("a stack that breaks the policy leaves this machine by no way", async () => {
  writeFileSync(join(directory, "compose.yaml"), "services:\n  web:\n    image: x\n    network_mode: host\n");
  expect(await world.zctl("deploy", ".", "--tenant", "demo", "--project", "bad")).toBe(1);
  expect(world.err).toContain("compose.yaml:4:19  services.web.network_mode");
  expect(world.err).toContain("1 problem. Nothing was changed.");
  expect(world.host("north/znet").ran).toEqual([]);
});

test("as JSON", async () => {
  expect(await world.zctl("deploy", hello, "--tenant", "demo", "--json")).toBe(0);
  expect(JSON.parse(world.out)).toMatchObject({
    ...{ v: 1, stack: "demo/hello", digest, accepted: ["north", "south"] },
    hosts: [{ host: "north/zpod1", kind: "healthy" }, { host: "south/zpod1" }],
    names: [{ name: "hello.lab.example", doors: [{ site: "north", last: { status: 200 } }, { site: "south" }] }],
  });
});
