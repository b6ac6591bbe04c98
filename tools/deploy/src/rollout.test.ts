import { type FileStat, type Host, type RunResult, UnreachableError } from "@zcloud/host";
import { loadMap } from "@zcloud/map";
import { expect, test } from "vitest";
import { places, type Release, release } from "./release.ts";
import { scripts, state } from "./remote.ts";
import { type Outcome, rollout } from "./rollout.ts";
import { rollOutBySite } from "./sites.ts";
import { describe, readable } from "./told.ts";

const result = (status: number, stdout = "", stderr = ""): RunResult => ({ status, stdout, stderr });

/** How a bundle's text makes its service behave. */
type Nature = "ready" | "waiting" | "not-ready" | "crashes" | "fails";

/** A host with one service: systemd, symlinks and the service's socket, as far as a roll-out touches them. */
class Machine implements Host {
  readonly name = "north/znet";
  readonly files = new Map<string, string>();
  readonly links = new Map<string, string>();
  restarts = 0;
  /** Commands that were run. */
  asked = 0;
  down = false;
  #running: string | undefined;

  async run(argv: readonly string[]): Promise<RunResult> {
    if (this.down) throw new UnreachableError("connect: timed out", "is it up?", false);
    this.asked += 1;
    const [program, , script, , ...args] = argv;
    if (program === "journalctl")
      return result(0, "Error: Cannot find package 'pg'\n    at resolve (node:internal:1:1)\n");
    switch (Object.entries(scripts).find(([, text]) => text === script)?.[0]) {
      case "look":
        return this.#look();
      case "activate":
        return this.#activate(args[1] ?? "");
      case "poll":
        return this.#poll();
      case "finish":
        return this.#finish(args[1] ?? "");
    }
    return result(127, "", `${program}: not found`);
  }

  #look(): RunResult {
    const unit = this.files.get(places("znet").unit) ?? "";
    const link = this.links.get("current") ?? "";
    return result(0, `${link}\n${this.#up() ? "active" : "inactive"}\n${unit}`);
  }

  #activate(version: string): RunResult {
    this.links.set("current", `releases/${version}`);
    this.files.set(
      places("znet").unit,
      this.files.get(`${places("znet").releases}/${version}/zcloud-znet.service`) ?? "",
    );
    const before = this.restarts++;
    this.#running = this.links.get("current");
    return result(0, `1000\n${before}\n`);
  }

  #up(): boolean {
    return this.#running !== undefined && ["ready", "waiting", "not-ready"].includes(this.#nature());
  }

  #poll(): RunResult {
    const failed = this.#running !== undefined && this.#nature() === "fails";
    const active = this.#up() ? "active" : failed ? "failed" : "activating";
    const unit = `ActiveState=${active}\nInvocationID=${this.restarts}\nNRestarts=${active === "activating" ? 3 : 0}\n`;
    const answer = this.#readyz();
    return { ...answer, stdout: `${unit}\n${answer.stdout}` };
  }

  #finish(before: string): RunResult {
    if (before !== "") this.links.set("previous", `releases/${before}`);
    const kept = [...this.links.values()].map((link) => `${places("znet").root}/${link}/`);
    for (const path of this.files.keys()) {
      if (path.startsWith(places("znet").releases) && !kept.some((one) => path.startsWith(one)))
        this.files.delete(path);
    }
    return result(0);
  }

  #nature(): Nature {
    const version = this.#running?.split("/").at(-1);
    return (this.files.get(`/opt/zcloud/znet/releases/${version}/znet.js`)?.split(":")[0] ?? "fails") as Nature;
  }

  #readyz(): RunResult {
    const nature = this.#running === undefined ? "fails" : this.#nature();
    if (nature === "ready") return result(0, '{"ready":true,"generation":3,"reasons":[]}\n200');
    if (nature === "waiting")
      return result(0, '{"ready":false,"generation":0,"reasons":["north/znet has no map yet"]}\n503');
    if (nature === "not-ready")
      return result(0, '{"ready":false,"generation":3,"reasons":["unbound: will not start"]}\n503');
    return result(7, "\n000", "curl: (7) Could not connect");
  }

  read = async (path: string): Promise<string | undefined> => this.files.get(path);
  list = async (path: string): Promise<readonly string[]> => {
    const names = [...this.files.keys()]
      .filter((one) => one.startsWith(`${path}/`))
      .map((one) => one.slice(path.length + 1));
    return [...new Set(names.map((one) => one.split("/")[0] ?? ""))].sort();
  };
  async write(path: string, content: string | Uint8Array): Promise<void> {
    this.files.set(path, String(content));
  }
  async remove(path: string): Promise<void> {
    for (const one of [...this.files.keys()]) if (one.startsWith(path)) this.files.delete(one);
  }
  stat = async (path: string): Promise<FileStat | undefined> =>
    this.files.has(path) ? { kind: "file", mode: 0o644, size: 1, mtime: 0 } : undefined;
  async close(): Promise<void> {}
}

const built = (nature: Nature, n = 1): Release => release("znet", `${nature}:${n}`, "[Unit]\n");

function onto(machine: Machine, what: Release): Promise<Outcome> {
  let clock = 0;
  const sleep = async (ms: number): Promise<void> => {
    clock += ms;
  };
  return rollout(machine, what, { signal: new AbortController().signal, patience: 30_000, now: () => clock, sleep });
}

const link = (machine: Machine, name: string) => machine.links.get(name);

test("the same content is the same version, other content another", () => {
  expect(built("ready", 1).version).toBe(built("ready", 1).version);
  expect(built("ready", 1).version).not.toBe(built("ready", 2).version);
  expect(release("znet", "ab", "c").version).not.toBe(release("znet", "a", "bc").version);
  const more = (text: string) => release("znet", "a", "b", new Map([["order.js", text]])).version;
  expect(more("1")).toBe(more("1"));
  expect(more("1")).not.toBe(more("2"));
  expect(more("1")).not.toBe(release("znet", "a", "b").version);
});

test("scripts that the service starts stand beside it", async () => {
  const machine = new Machine();
  const what = release("znet", "ready:1", "[Unit]\n", new Map([["order.js", "order"]]));
  expect(await onto(machine, what)).toMatchObject({ kind: "deployed" });
  expect(await machine.read(`${places("znet").releases}/${what.version}/order.js`)).toBe("order");
});

test("first, then nothing to do, then the next with the one before kept", async () => {
  const machine = new Machine();
  const [one, two, three] = [built("ready", 1), built("ready", 2), built("ready", 3)];
  expect(await onto(machine, one)).toMatchObject({ kind: "deployed", previous: undefined, state: "ready" });
  expect(await onto(machine, one)).toEqual({ kind: "unchanged", state: "ready" });
  expect(machine.restarts).toBe(1);
  // look, activate, poll, finish; then look and poll: every further command costs each host a session of sshd.
  expect(machine.asked).toBe(4 + 2);
  expect(await onto(machine, two)).toMatchObject({ kind: "deployed", previous: one.version });
  expect(await onto(machine, three)).toMatchObject({ kind: "deployed", previous: two.version });
  expect(link(machine, "current")).toBe(`releases/${three.version}`);
  expect(link(machine, "previous")).toBe(`releases/${two.version}`);
  expect(await machine.list(places("znet").releases)).toEqual([two.version, three.version].sort());
});

test("a host without a map is up: it says that it waits for one", async () => {
  expect(await onto(new Machine(), built("waiting"))).toMatchObject({
    kind: "deployed",
    state: "north/znet has no map yet",
  });
});

test("a service that says it has no map where there is one is not up yet", async () => {
  const machine = new Machine();
  machine.files.set("/etc/zcloud/map.json", "{}");
  expect(await onto(machine, built("waiting"))).toMatchObject({ kind: "failed", reason: "north/znet has no map yet" });
});

test.each([
  ["not-ready", "unbound: will not start"],
  ["crashes", "the service crashes again and again"],
  ["fails", "the service failed to start"],
] as const)("a version that is %s gives way to the one before, and the journal is told", async (nature, reason) => {
  const machine = new Machine();
  const good = built("ready");
  await onto(machine, good);
  const outcome = await onto(machine, built(nature));
  expect(outcome).toMatchObject({ kind: "rolled-back", to: good.version, ready: true, reason });
  expect(outcome).toHaveProperty("journal", "Error: Cannot find package 'pg'");
  expect(link(machine, "current")).toBe(`releases/${good.version}`);
  expect(link(machine, "previous")).toBeUndefined();
  expect(await onto(machine, good)).toEqual({ kind: "unchanged", state: "ready" });
});

test("a first version that does not come up has nothing to go back to", async () => {
  expect(await onto(new Machine(), built("fails"))).toMatchObject({
    kind: "failed",
    reason: "the service failed to start",
  });
});

test("a service that was stopped is started although its version is right", async () => {
  const machine = new Machine();
  await onto(machine, built("ready"));
  machine.files.set(places("znet").unit, "edited by hand");
  expect(await onto(machine, built("ready"))).toMatchObject({ kind: "deployed" });
  expect(machine.files.get(places("znet").unit)).toBe("[Unit]\n");
});

test("never both sites at once; a failure at the first spares the second", async () => {
  const text = `domain: example.net
operators: [{ name: robin, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites:
  north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 }
  south: { public: { ipv4: 203.0.113.10 }, network: 10.64.2.0/24 }
storage: { kind: local }
`;
  const loaded = loadMap(text, "zcloud.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const roll = async (kinds: Record<string, Outcome>) => {
    const order: string[] = [];
    const exit = await rollOutBySite(
      loaded.map,
      "znet",
      async ({ id }) => {
        order.push(`begin ${id}`);
        await Promise.resolve();
        order.push(`end ${id}`);
        return kinds[id] ?? { kind: "unchanged", state: "ready" };
      },
      () => {},
    );
    return { exit, order };
  };
  expect(await roll({})).toEqual({
    exit: 0,
    order: ["begin north/znet", "end north/znet", "begin south/znet", "end south/znet"],
  });
  const failed: Outcome = { kind: "failed", reason: "x", journal: "" };
  expect(await roll({ "north/znet": failed })).toEqual({ exit: 1, order: ["begin north/znet", "end north/znet"] });
  const lost: Outcome = { kind: "unreachable", reason: "x" };
  expect((await roll({ "north/znet": lost })).exit).toBe(3);
  expect((await roll({ "north/znet": lost })).order).toContain("end south/znet");
});

test("out of reach is told as such", async () => {
  const machine = new Machine();
  machine.down = true;
  expect(await onto(machine, built("ready"))).toMatchObject({ kind: "unreachable" });
});

test("what is said of a host", () => {
  const entry = { id: "north/znet", role: "znet" } as Parameters<typeof describe>[0];
  const rolledBack: Outcome = {
    kind: "rolled-back",
    to: "aaa",
    ready: true,
    reason: "/readyz answers 500",
    journal: "a\nb",
  };
  expect(describe(entry, "bbb", rolledBack)).toEqual([
    "north/znet     FAILED     bbb: /readyz answers 500; aaa serves again",
    "    | a",
    "    | b",
  ]);
});

test.each([
  ['{"ready":true}', "200", "ready"],
  ['{"ready":false,"reasons":["a","b"]}', "503", "a; b"],
  ["<html>", "502", "/readyz answers 502"],
])("%s %s is %s", (body, status, said) => expect(state(body, status)).toBe(said));

test("the journal's lines are told in words", () => {
  const line =
    '{"level":"warn","time":"2026-11-22T16:55:55.189Z","msg":"pass failed","err":{"message":"refuses\\nit"}}';
  expect(readable(line)).toBe("16:55:55 warn  pass failed: refuses it");
  expect(readable("Error: no")).toBe("Error: no");
});
