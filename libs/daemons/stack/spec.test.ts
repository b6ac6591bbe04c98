import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { testMap } from "./stack.test-support.ts";
import { readStack } from "./stack.ts";
import { bytesOf } from "./units.ts";

const sample = (name: string) =>
  readFileSync(new URL(`../../../deploy/stacks/${name}/compose.yaml`, import.meta.url), "utf8");

describe("readStack", () => {
  it("takes the samples", () => {
    const hello = readStack(
      { tenant: "demo", project: "hello", files: { "compose.yaml": sample("hello") } },
      testMap(),
    );
    expect(hello).toMatchObject({
      ok: true,
      spec: {
        home: undefined,
        role: "zpod",
        volumes: [],
        services: [
          {
            name: "web",
            replicas: 2,
            endpoint: { names: ["hello.lab.example"], port: 8080, health: "/healthz", answersWithin: 1000 },
          },
          {
            ...{ name: "who", replicas: 1 },
            endpoint: { names: [], port: 7007, tcp: [{ public: 7008, port: 7007, greets: "220" }] },
          },
        ],
      },
    });
    const notes = readStack(
      { tenant: "demo", project: "notes", files: { "compose.yaml": sample("notes") } },
      testMap(),
    );
    expect(notes).toMatchObject({
      ok: true,
      spec: {
        home: "north",
        volumes: [{ name: "pages", size: 256 * 2 ** 20 }],
        services: [{ volumes: ["pages"], limits: { memory: 64 * 2 ** 20, cpus: 0.5, pids: 512 } }],
      },
    });
  });

  it("fills in what is not said", () => {
    const result = readStack(
      {
        tenant: "garden",
        project: "p",
        files: { "compose.yaml": "services: { a: { image: i, x-zcloud: { port: 1 } } }" },
      },
      testMap(),
    );
    expect(result).toMatchObject({
      ok: true,
      spec: {
        services: [
          {
            replicas: 1,
            restart: "always",
            endpoint: { names: [], health: "/", answersWithin: undefined },
            limits: { memory: 256 * 2 ** 20, cpus: 0.5, pids: 512 },
          },
        ],
      },
    });
  });

  it("knows which files a service reads", () => {
    const compose =
      "services: { a: { image: i, volumes: ['./d:/d:ro'], configs: [c], secrets: [{ source: s }] }, b: { image: i } }\nconfigs: { c: { file: x/c } }\nsecrets: { s: { file: ./s } }\n";
    const result = readStack(
      {
        tenant: "demo",
        project: "p",
        files: { "compose.yaml": compose, "d/1": "", "d/e/2": "", "x/c": "", s: "", other: "" },
      },
      testMap(),
    );
    expect(result).toMatchObject({
      ok: true,
      spec: { services: [{ files: ["d/1", "d/e/2", "s", "x/c"] }, { files: [] }] },
    });
  });
});

describe("bytesOf", () => {
  it.each([
    ["64M", 64 * 2 ** 20],
    ["1.5g", 1.5 * 2 ** 30],
    ["512MiB", 2 ** 29],
    ["10kb", 10_240],
    ["100b", 100],
    ["67108864", 67_108_864],
    [67_108_864, 67_108_864],
    ["-1", undefined],
    ["x", undefined],
    ["", undefined],
  ])("%s", (text, bytes) => expect(bytesOf(text)).toBe(bytes));
});
