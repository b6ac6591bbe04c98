import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commands } from "./commands.ts";
import { exits } from "./exit.ts";
import { World } from "./world.test-support.ts";

const repository = new URL("../../../", import.meta.url).pathname;
const vmIds = ["north", "south"].flatMap((site) =>
  ["znet", "zfront", "zstore", "zpod1", "zmah1"].map((name) => `${site}/${name}`),
);
let directory: string;
let world: World;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zctl-"));
  cpSync(join(repository, "deploy/maps/lab.yaml"), join(directory, "zcloud.yaml"));
  writeFileSync(join(directory, "zcloud.keys.json"), JSON.stringify(keysFile()));
  world = new World(directory);
  for (const id of vmIds) world.host(id).script = { agent: { "GET /v1/status": () => [200, statusOf(id)] } };
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function keysFile(): unknown {
  return {
    v: 1,
    ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    acmeThumbprint: null,
    hosts: {},
  };
}

function statusOf(id: string, more: object = {}): unknown {
  const role = id.replace(/^.*\//, "").replace(/\d+$/, "");
  const at = "2026-11-22T14:00:00Z";
  return {
    v: 1,
    host: id,
    role,
    version: "1a2b",
    generation: 3,
    ready: true,
    state: "ready",
    problems: [],
    facts: {},
    at,
    ...more,
  };
}

test("every command has help with examples, and the exit codes stand in the general help", async () => {
  expect(await world.zctl("--help")).toBe(0);
  for (const { name } of commands) expect(world.out).toContain(`\n  ${name}`);
  expect(world.out).toContain("3 what could be done is done, but some hosts were out of reach");
  for (const { name } of commands) {
    expect(await world.zctl(name, "--help")).toBe(0);
    expect(world.out).toMatch(/Examples:\n {2}zctl /);
    expect(world.out).toContain("--json");
  }
});

test.each([
  [["stauts"], "Did you mean status?"],
  [["status", "--jsn"], "Did you mean --json?"],
  [["deploy"], "missing required argument 'dir'"],
  [["events", "--since", "yesterday"], "is neither a duration"],
  [["events", "--limit", "many"], "--limit"],
  [["deploy", "x"], "--tenant"],
])("%j is not understood: exit 2, nothing done", async (argv, said) => {
  expect(await world.zctl(...argv)).toBe(exits.usage.code);
  expect(world.err).toContain(said);
  expect(world.hosts.get("north/znet")?.ran).toEqual([]);
});

test("--version, and the map's names for the shell's completion", async () => {
  const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  expect(await world.zctl("--version")).toBe(0);
  expect(world.out).toBe(`zctl ${version}\n`);
  expect(await world.zctl("completion", "sites")).toBe(0);
  expect(world.out).toBe("north\nsouth\n");
  expect(await world.zctl("completion", "hosts")).toBe(0);
  expect(world.out).toContain("south/zpod1\n");
  expect(await world.zctl("completion", "tcsh")).toBe(exits.usage.code);
  expect(world.err).toContain("bash, zsh and fish");
});

test("a map with mistakes: all of them with line and column, exit 78", async () => {
  const text = readFileSync(join(directory, "zcloud.yaml"), "utf8");
  const wrong = text.replace("10.64.2.0/24", "10.64.1.128/25").replace("kind: local", "kind: disk");
  writeFileSync(join(directory, "zcloud.yaml"), wrong);
  expect(await world.zctl("check")).toBe(exits.badMap.code);
  expect(world.err).toMatch(/zcloud\.yaml:\d+:\d+ {2}storage\.kind/);
  expect(world.err).toContain("Nothing was changed.");
  expect(await world.zctl("status", "--json")).toBe(exits.badMap.code);
  expect(JSON.parse(world.out)).toMatchObject({ v: 1, error: { code: "BAD_MAP" } });
});

test("no installation: exit 78 and what to do", async () => {
  expect(await world.zctl("status", "--map", "/nonexistent")).toBe(exits.badMap.code);
  expect(world.err).toContain("npm run lab");
});

test("check: a right map, a right stack, a stack that breaks the policy", async () => {
  expect(await world.zctl("check")).toBe(0);
  expect(world.out).toContain("is right: north and south, 12 hosts");
  expect(await world.zctl("check", join(repository, "deploy/stacks/hello"), "--tenant", "demo")).toBe(0);
  expect(world.out).toMatch(/^demo\/hello is right: \d+ keys checked\.\n$/);

  expect(await world.zctl("check", join(repository, "deploy/maps/example.yaml"))).toBe(0);
  expect(world.out).toContain("example.yaml is right");
  writeFileSync(join(directory, "other.yaml"), "domain: lab..example\n");
  expect(await world.zctl("check", "other.yaml")).toBe(exits.badMap.code);
  expect(world.err).toContain("other.yaml:1:9  domain");

  mkdirSync(join(directory, "bad"));
  writeFileSync(join(directory, "bad/compose.yaml"), "services:\n  web:\n    image: x\n    privileged: true\n");
  expect(await world.zctl("check", join(repository, "deploy/stacks/hello/compose.yaml"), "--tenant", "demo")).toBe(0);
  expect(await world.zctl("check", "bad", "--tenant", "demo")).toBe(exits.problem.code);
  expect(world.out).toContain("compose.yaml:4:5  services.web.privileged");
  symlinkSync("/etc/passwd", join(directory, "bad/secret.env"));
  expect(await world.zctl("check", "bad", "--tenant", "demo")).toBe(exits.problem.code);
  expect(world.err).toContain("secret.env is a symbolic link");
});

test("status: everything well", async () => {
  expect(await world.zctl("status")).toBe(0);
  expect(world.out).toBe("Everything is as it should be: 10 hosts, 0 names, 0 certificates, map 3.\n");
});

test("status: what is wrong first, then who is out of reach, and the rest", async () => {
  const problems = [{ what: "wiki.example.net: no server answers", remedy: "zctl events" }];
  world.host("north/zfront").script = {
    agent: { "GET /v1/status": () => [200, statusOf("north/zfront", { problems })] },
  };
  world.host("north/zmah1").script = {};
  for (const id of vmIds.filter((one) => one.startsWith("south/"))) world.host(id).script = { down: true };
  expect(await world.zctl("status")).toBe(exits.problem.code);
  expect(world.out).toMatchInlineSnapshot(`
    "south is unreachable from here; what it serves is not known.
      north/zfront  wiki.example.net: no server answers  zctl events
      north/zmah1   its service does not run             zctl ssh north/zmah1 systemctl status zcloud-zmah
    Everything else is as it should be: 4 of 10 hosts, 0 names, 0 certificates, map 3.
    "
  `);
  expect(await world.zctl("status", "--json")).toBe(exits.problem.code);
  const summary = JSON.parse(world.out);
  expect(summary.unreachable).toHaveLength(5);
  expect(summary.sites).toEqual([
    { name: "north", reachable: true },
    { name: "south", reachable: false },
  ]);
});

test("status: only hosts out of reach is exit 3", async () => {
  world.host("south/zpod1").script = { down: true };
  expect(await world.zctl("status")).toBe(exits.unreachable.code);
  expect(world.out).toContain("south/zpod1 is unreachable from here");
});

test("ssh passes everything after the host on, options too", async () => {
  expect(await world.zctl("ssh", "zpod1.north", "ls", "-l", "--json")).toBe(0);
  expect(world.attached).toEqual([`ssh -F ${directory}/ssh_config north/zpod1 -- ls -l --json`]);
  expect(await world.zctl("ssh", "north/zpod9")).toBe(exits.problem.code);
  expect(world.err).toContain("north/zpod1");
});

test("remove: at both sites, and honest when there is nothing", async () => {
  for (const id of ["north/znet", "south/znet"]) {
    world.host(id).script = { agent: { "DELETE /v1/stacks/demo/hello": () => [202, {}] } };
  }
  expect(await world.zctl("remove", "demo/hello")).toBe(0);
  expect(world.out).toBe("demo/hello is being removed at north and south.\n");
  expect(await world.zctl("remove", "demo/other")).toBe(exits.problem.code);
  expect(world.out).toBe("There is no stack demo/other.\n");
});

test("events: both sites' as one, in order, what both know once", async () => {
  const event = (at: string, subject: string) => ({
    ...{ v: 1, at, host: "north/zpod1", kind: "endpoint-up", level: "info" },
    ...{ subject, reason: "healthy", actor: "north/zpod1" },
  });
  const [first, second, third] = [
    event("2026-11-22T13:00:00Z", "a"),
    event("2026-11-22T13:00:01Z", "b"),
    event("2026-11-22T13:00:02Z", "c"),
  ];
  world.host("north/znet").script = { agent: { "GET /v1/events": () => [200, { events: [first, third] }] } };
  world.host("south/znet").script = { agent: { "GET /v1/events": () => [200, { events: [second, first] }] } };
  expect(await world.zctl("events", "--json")).toBe(0);
  expect(JSON.parse(world.out).events.map((one: { subject: string }) => one.subject)).toEqual(["a", "b", "c"]);
  world.host("south/znet").script = { down: true };
  expect(await world.zctl("events")).toBe(exits.unreachable.code);
  expect(world.err).toContain("south/znet is unreachable from here");
});
