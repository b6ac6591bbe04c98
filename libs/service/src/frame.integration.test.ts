import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import type { Status } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { systemClock } from "@zcloud/reconcile";
import { tempDir } from "@zcloud/testing";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeBus, fakeBus } from "./bus.test-support.ts";
import { demoRole } from "./demo-role.test-support.ts";
import { type RunningRole, startRole } from "./frame.ts";
import { enrolledHost, testKeys, testMap, testOperator } from "./map.test-support.ts";
import type { RolePaths } from "./paths.ts";

const robin = testOperator(tempDir(), "robin");

/** Asked again and again; the machine may be busy. */
const until = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 });

let directory: string;
let paths: RolePaths;
let bus: FakeBus;
let said: string[];
let running: RunningRole | undefined;

beforeEach(() => {
  directory = tempDir();
  paths = enrolledHost(directory, "north/zpod1", robin.line);
  bus = fakeBus();
  said = [];
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

function writeMap(generation: number, map = testMap()): void {
  writeFileSync(join(paths.etc, "map.json"), JSON.stringify(robin.sign(generation, map)));
}

async function start(): Promise<void> {
  const send = async (...lines: readonly string[]): Promise<boolean> => said.push(...lines) > 0;
  running = await startRole(demoRole(directory), {
    paths,
    port: 0,
    pollMs: 20,
    host: new LocalHost(),
    clock: systemClock,
    log: pino({ level: "silent" }),
    notifier: { connected: true, watchdogMs: undefined, send },
    join: async () => bus,
  });
}

interface Answer<T> {
  readonly code: number;
  readonly body: T;
}

function ask<T = Record<string, unknown>>(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer<T>> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    const asking = request({ socketPath: paths.socket, method, path, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("end", () => resolve({ code: response.statusCode ?? 0, body: parse(text) as T }));
    });
    asking.once("error", reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parse(text: string): unknown {
  return text.startsWith("{") ? JSON.parse(text) : text;
}

const ready = async (): Promise<number> => (await ask("GET", "/readyz")).code;
const file = (): string => readFileSync(join(directory, "file"), "utf8");
const problems = async (): Promise<string[]> =>
  (await ask<Status>("GET", "/v1/status")).body.problems.map((problem) => problem.what);

test("before there is a map it listens, is not ready, and says what it waits for", async () => {
  await start();
  expect(said).toContain("READY=1");
  expect((await ask("GET", "/healthz")).code).toBe(200);
  await until(problems).toEqual(["north/zpod1 has no map yet"]);
  expect(await ask("GET", "/readyz")).toMatchObject({
    code: 503,
    body: { state: "starting", reasons: ["north/zpod1 has no map yet"] },
  });
  expect((await ask("GET", "/v1/plan")).code).toBe(503);
  writeMap(1);
  await until(ready).toBe(200);
  expect(file()).toBe("lab.example\n");
});

test("without keys it waits for them", async () => {
  const key = join(paths.etc, "pki/bus.nk");
  const seed = readFileSync(key);
  rmSync(key);
  writeMap(1);
  await start();
  await until(async () => (await problems())[0]).toContain("no keys for the bus");
  writeFileSync(key, seed);
  await until(ready).toBe(200);
});

test("the API: status, readiness, metrics, the role's own routes, for root only", async () => {
  writeMap(3);
  await start();
  await until(ready).toBe(200);
  expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
  expect((await ask("GET", "/readyz")).body).toMatchObject({
    generation: 3,
    loops: [{ name: "file", phase: "converged", generation: 3, ready: true }],
  });
  expect((await ask("GET", "/v1/status")).body).toMatchObject({
    host: "north/zpod1",
    role: "zpod",
    generation: 3,
    ready: true,
    facts: { written: true },
  });
  expect((await ask("GET", "/v1/hello")).body).toEqual({ hello: "north/zpod1" });
  const metrics = (await ask<string>("GET", "/metrics")).body;
  expect(metrics).toContain('zcloud_reconcile_passes_total{loop="file",result="changed"} 1');
  expect(metrics).toContain("zcloud_map_generation 3");
  expect(metrics).toContain('zcloud_reconcile_phase{loop="file",phase="converged"} 1');
  expect(await ask("GET", "/v1/nothing")).toEqual({ code: 404, body: { error: "there is no GET /v1/nothing here" } });
});

test("a missing address of the host is a problem, not the end", async () => {
  writeMap(1);
  await start();
  await until(async () => (await problems()).join()).toContain("can't ask for health and metrics");
  await until(ready).toBe(200);
});

test("a plan of the map in force, and of a candidate, without effects", async () => {
  writeMap(1);
  await start();
  await until(ready).toBe(200);
  expect((await ask("GET", "/v1/plan")).body).toEqual({ changes: [], errors: [] });
  const candidate = await ask("POST", "/v1/plan", { map: testMap("new.example"), keys: testKeys });
  expect(candidate.body).toEqual({
    changes: [
      {
        reconciler: "file",
        kind: "write-file",
        change: "~",
        subject: "file",
        summary: "1 line",
        detail: "@@ -1 +1 @@\n-lab.example\n+new.example\n",
      },
    ],
    errors: [],
  });
  expect(file()).toBe("lab.example\n");
  const wrong = await ask("POST", "/v1/plan", { map: testMap().replace("198.51.100.10", "x"), keys: testKeys });
  expect(wrong).toMatchObject({ code: 422, body: { problems: [{ file: "zcloud.yaml", line: 4 }] } });
  expect((await ask("POST", "/v1/plan", { map: 1 })).code).toBe(400);
});

test("a newer map from the bus takes effect; the status on the bus says so", async () => {
  writeMap(1);
  await start();
  await until(ready).toBe(200);
  bus.put("map", "current", robin.sign(2, testMap("two.example")));
  await until(file).toBe("two.example\n");
  const status = (): Status | undefined => bus.declared.get("status zpod1")?.get("zpod1") as Status | undefined;
  await until(() => status()?.generation).toBe(2);
  expect(bus.events.map((event) => event.kind)).toEqual(["map-accepted", "map-accepted"]);
  expect(bus.events[1]).toMatchObject({
    v: 1,
    host: "north/zpod1",
    actor: "robin",
    reason: "generation 2, signed by robin",
  });
});

test("it restarts from its last-known map with everything else gone", async () => {
  writeMap(7);
  await start();
  await until(ready).toBe(200);
  await running?.stop();
  rmSync(join(paths.etc, "map.json"));
  rmSync(join(directory, "file"));
  await start();
  await until(ready).toBe(200);
  expect(file()).toBe("lab.example\n");
});

test("a failing loop makes the host unready, a problem and one event; a new map mends it", async () => {
  writeMap(1, testMap("broken.example"));
  await start();
  await until(problems).toContain("file: the disk is on fire");
  expect(await ready()).toBe(503);
  await until(() => bus.events.filter((event) => event.kind === "reconcile-failed")).toHaveLength(1);
  writeMap(2);
  await until(ready).toBe(200);
  await until(() => bus.events.at(-1)?.kind).toBe("reconcile-recovered");
  expect(bus.events.filter((event) => event.kind === "reconcile-failed")).toHaveLength(1);
});

test("problems of the role and of the bus are in the status; a change is published at once", async () => {
  writeMap(1);
  await start();
  await until(ready).toBe(200);
  writeFileSync(join(directory, "trouble"), "");
  expect(await problems()).toEqual(
    expect.arrayContaining(["trouble", expect.stringContaining("no connection to the bus")]),
  );
  bus.connect(true);
  const published = (): string[] => {
    const status = bus.declared.get("status zpod1")?.get("zpod1") as Status | undefined;
    return status?.problems.map((problem) => problem.what) ?? [];
  };
  await until(published).toContain("trouble");
  expect(published().join()).not.toContain("no connection to the bus");
});

test("what failed is tried again when asked for", async () => {
  writeMap(1);
  await start();
  await until(ready).toBe(200);
  rmSync(join(directory, "file"));
  expect(await ask("POST", "/v1/reconcile")).toEqual({ code: 202, body: { generation: 1 } });
  await until(() => statSync(join(directory, "file"), { throwIfNoEntry: false }) !== undefined).toBe(true);
});

test("a socket that a killed process left is no obstacle", async () => {
  await new LocalHost().write(paths.socket, "");
  writeMap(1);
  await start();
  await until(ready).toBe(200);
});
