import type { Endpoint } from "@zcloud/events";
import type { FileStat, Host } from "@zcloud/host";
import { describe, expect, test } from "vitest";
import { createReplica } from "./replica.ts";

const bytes = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function endpoint(host: string, health = "/"): Endpoint {
  const stack = { tenant: "demo", project: "hello", service: "web", names: [], servers: [] };
  return { v: 1, host, health, ...stack };
}
const key = "zpod1.demo.hello.web";
const good = { key, value: bytes(endpoint("north/zpod1")), sequence: 1 };

function memoryHost(files = new Map<string, string>()): Host & { readonly files: Map<string, string> } {
  return {
    files,
    name: "memory",
    run: async () => ({ status: 0, stdout: "", stderr: "" }),
    read: async (path) => files.get(path),
    write: async (path, content) => void files.set(path, String(content)),
    remove: async (path) => void files.delete(path),
    list: async () => [],
    stat: async (): Promise<FileStat | undefined> => undefined,
    close: async () => {},
  };
}

function open<B extends "endpoints" | "status">(bucket: B, host = memoryHost(), clock = { now: () => 1_000 }) {
  const logger = { debug() {}, info() {}, warn() {} };
  return createReplica(bucket, "site", {
    ...{ servers: [], name: "north/zfront", seed: "", logger, stateDir: "/state", host, clock },
  });
}

describe("what comes from the wire", () => {
  test("a snapshot replaces everything: what is not in it is gone", () => {
    const replica = open("endpoints");
    replica.snapshot([good, { key: "zpod2.demo.hello.web", value: bytes(endpoint("north/zpod2")), sequence: 2 }]);
    expect([...replica.entries().keys()]).toEqual([key, "zpod2.demo.hello.web"]);
    replica.snapshot([good]);
    expect([...replica.entries().keys()]).toEqual([key]);
  });

  test.each([
    ["not JSON", bytes("{")],
    ["another shape", bytes({ v: 2 })],
    ["a value of another host", bytes(endpoint("north/zpod2"))],
    ["additional fields", bytes({ ...endpoint("north/zpod1"), admin: true })],
  ])("%s is left out and counted, and the last good value stays", (_, value) => {
    const replica = open("endpoints");
    replica.change({ key, value, sequence: 1 });
    expect(replica.entries().size).toBe(0);
    replica.change(good);
    replica.change({ key, value, sequence: 3 });
    replica.snapshot([{ key, value, sequence: 3 }]);
    expect(replica.entries().get(key)?.host).toBe("north/zpod1");
    expect(replica.rejected()).toBe(3);
    expect([...replica.invalid().keys()]).toEqual([key]);
  });

  test("what can't be read is told from what is not there, with the reason, until it is right or gone", async () => {
    const replica = open("endpoints");
    let heard = 0;
    replica.onChange(() => {
      heard += 1;
    });
    const bad = { key, value: bytes({ ...endpoint("north/zpod1"), servers: {} }), sequence: 1 };
    const steps: [() => void, readonly string[]][] = [
      [() => replica.snapshot([bad]), ["servers: expected array, received object"]],
      [() => replica.snapshot([bad]), ["servers: expected array, received object"]],
      [() => replica.change(good), []],
      [() => replica.change(bad), ["servers: expected array, received object"]],
      [() => replica.change({ key, value: undefined, sequence: 3 }), []],
      [() => replica.change({ ...bad, value: bytes("{") }), [expect.stringContaining("JSON")]],
      [() => replica.snapshot([]), []],
    ];
    const told: number[] = [];
    for (const [step, reasons] of steps) {
      step();
      await Promise.resolve();
      expect([...replica.invalid().values()]).toEqual(reasons);
      told.push(heard);
    }
    expect(told).toEqual([1, 1, 2, 3, 4, 5, 6]);
    replica.change({ key, value: bytes({ v: 2 }), sequence: 4 });
    expect(replica.invalid().get(key)).toMatch(/^v: expected 1; host: .*; and \d+ more$/);
  });

  test("more than it holds are told, and what is known stays", async () => {
    const replica = open("endpoints");
    const seen = Array.from({ length: 20_001 }, (_, n) => {
      const value = bytes({ ...endpoint("north/zpod1"), project: `p${n}` });
      return { key: `zpod1.demo.p${n}.web`, value, sequence: n + 1 };
    });
    replica.snapshot(seen);
    expect(replica.entries().size).toBe(20_000);
    expect([...replica.invalid()]).toEqual([
      ["zpod1.demo.p20000.web", expect.stringContaining("more than 20000 values")],
    ]);
    let heard = 0;
    replica.onChange(() => {
      heard += 1;
    });
    const [, , last] = seen.slice(-3);
    if (last !== undefined) replica.change({ ...last, key: "zpod1.demo.more.web" });
    await Promise.resolve();
    expect(replica.entries().size).toBe(20_000);
    expect([...replica.invalid().keys()]).toEqual(["zpod1.demo.p20000.web", "zpod1.demo.more.web"]);
    expect(heard).toBe(1);
  });

  test("is fresh only while the bus itself was just heard of", async () => {
    let time = 100_000;
    const host = memoryHost();
    const first = open("endpoints", host, { now: () => time });
    first.snapshot([good]);
    first.confirm(time);
    await first.close();
    const replica = open("endpoints", host, { now: () => time });
    await replica.load();
    expect([replica.age(), replica.fresh()]).toEqual([0, false]);
    let heard = 0;
    replica.onChange(() => {
      heard += 1;
    });
    replica.snapshot([good]);
    await Promise.resolve();
    expect([replica.fresh(), heard]).toEqual([true, 1]);
    time += 15_001;
    expect(replica.fresh()).toBe(false);
    replica.confirm(time);
    expect(replica.fresh()).toBe(true);
  });

  test("a delete takes the entry away, and listeners hear once of several changes", async () => {
    const replica = open("endpoints");
    let heard = 0;
    const stop = replica.onChange(() => {
      heard += 1;
    });
    replica.change(good);
    replica.change({ key, value: undefined, sequence: 2 });
    await Promise.resolve();
    expect(heard).toBe(1);
    expect(replica.entries().size).toBe(0);
    stop();
    replica.change(good);
    await Promise.resolve();
    expect(heard).toBe(1);
  });
});

describe("on disk", () => {
  test("what was known is there again, with its age, until the bus says better", async () => {
    const host = memoryHost();
    const first = open("endpoints", host);
    first.snapshot([good]);
    first.confirm(1_000);
    await first.close();

    const second = open("endpoints", host, { now: () => 61_000 });
    expect(second.age()).toBeUndefined();
    await second.load();
    expect(second.entries().get(key)).toEqual(endpoint("north/zpod1"));
    expect(second.age()).toBe(60_000);
    second.snapshot([]);
    expect(second.entries().size).toBe(0);
  });

  test.each(["", "{", '{"v":9}', '{"v":1,"confirmedAt":1,"entries":{"a":{}}}'])("%j is not believed", async (text) => {
    const replica = open("endpoints", memoryHost(new Map([["/state/replicas/site.endpoints.json", text]])));
    await replica.load();
    expect(replica.entries().size).toBe(0);
  });

  test("the disk does not win over a bus that was faster", async () => {
    const host = memoryHost();
    const first = open("endpoints", host);
    first.snapshot([good]);
    await first.close();
    const second = open("endpoints", host);
    second.snapshot([]);
    await second.load();
    expect(second.entries().size).toBe(0);
  });
});

test("a status that is not renewed goes after its time, but only while the bus is there to say so", () => {
  let time = 0;
  const replica = open("status", memoryHost(), { now: () => time });
  const about = { role: "zpod", version: "1", generation: 1, ready: true, state: "ready", problems: [], facts: {} };
  const value = bytes({ v: 1, host: "north/zpod1", at: "2026-11-22T15:00:00Z", ...about });
  replica.snapshot([{ key: "zpod1", value, sequence: 1 }]);
  replica.confirm(0);
  time = 31_000;
  expect(replica.entries().has("zpod1")).toBe(true);
  replica.confirm(time);
  expect(replica.entries().has("zpod1")).toBe(false);
});
