import type { StackEntry } from "@zcloud/events";
import { describe, expect, it } from "vitest";
import { testMap } from "../stack/stack.test-support.ts";
import { desiredStacks } from "./desired.ts";
import { stack } from "./podman.test-support.ts";

const web = (name: string, more = "") =>
  `services: { web: { image: i, x-zcloud: { names: [${name}], port: 80 } } }\n${more}`;
const stateful = (home: string) =>
  `services: { web: { image: i, volumes: [v:/v], x-zcloud: { port: 80 } } }\nvolumes: { v: { x-zcloud: { size: 1G } } }\nx-zcloud: { home: ${home} }\n`;

function decide(
  stacks: readonly StackEntry[],
  options: {
    pods?: number;
    self?: string;
    servedBy?: ReadonlyMap<string, readonly string[]>;
    unreadable?: ReadonlyMap<string, string>;
    fresh?: boolean;
  } = {},
) {
  const map = testMap(options.pods ?? 1);
  const self = map.sites.flatMap(({ hosts }) => hosts).find(({ id }) => id === (options.self ?? "north/zpod1"));
  if (self === undefined) throw new Error("no such host");
  return desiredStacks({
    map,
    self,
    entries: stacks,
    unreadable: options.unreadable ?? new Map(),
    fresh: options.fresh ?? true,
    servedBy: options.servedBy ?? new Map(),
    volumePath: (...parts) => `/v/${parts.join("/")}`,
    volumeUnit: () => undefined,
  });
}

describe("desiredStacks", () => {
  it("runs what is placed here, and knows what is not", () => {
    const result = decide([
      stack("a", web("a.demo.lab.example")),
      stack("b", stateful("south")),
      stack("c", web("c.demo.lab.example", "x-zcloud: { role: zmah }")),
    ]);
    expect([...result.here.keys()]).toEqual(["demo/a"]);
    expect([...result.elsewhere]).toEqual([
      ["demo/b", "south"],
      ["demo/c", "north/zmah1"],
    ]);
    expect(result.here.get("demo/a")?.override).toContain("ports: !override [ 10.64.1.17::80 ]");
    expect(
      decide([stack("c", web("c.demo.lab.example", "x-zcloud: { role: zmah }"))], { self: "north/zmah1" }).here.size,
    ).toBe(1);
  });

  it("takes a word of removal from the bus itself only, and never where it can't be read", () => {
    const mark = {
      v: 1,
      tenant: "demo",
      project: "a",
      removed: true,
      removedAt: "2026-11-22T12:00:00Z",
      actor: "r",
    } as const;
    const entries = [mark, stack("b", web("b.demo.lab.example"))];
    const result = decide(entries);
    expect([...result.removed.keys()]).toEqual(["demo/a"]);
    expect([...result.here.keys()]).toEqual(["demo/b"]);
    expect(result.entered).toEqual(new Set(["demo/a", "demo/b"]));
    const copy = decide(entries, { fresh: false });
    expect([copy.removed.size, copy.here.size, copy.entered]).toEqual([0, 1, undefined]);
    const unreadable = new Map([["demo/a", "?"]]);
    expect(decide(entries, { unreadable }).removed.size).toBe(0);
    expect(decide([], { unreadable }).entered).toEqual(new Set(["demo/a"]));
  });

  it("refuses a broken stack with its problems, and no other", () => {
    const result = decide([
      stack("a", "services: { web: { image: i, privileged: true } }"),
      stack("b", web("b.demo.lab.example")),
    ]);
    expect(result.refused.get("demo/a")?.problems).toMatchObject([{ path: "services.web.privileged" }]);
    expect([...result.here.keys()]).toEqual(["demo/b"]);
  });

  it("refuses the later of two stacks that want one name", () => {
    const first = stack("z", web("same.demo.lab.example"), "2026-11-22T12:00:00Z");
    const second = stack("a", web("same.demo.lab.example"), "2026-11-22T12:00:01Z");
    const result = decide([second, first]);
    expect([...result.here.keys()]).toEqual(["demo/z"]);
    expect(result.refused.get("demo/a")?.problems[0]?.message).toBe(
      "same.demo.lab.example leads to demo/z:web already; delete that stack first, or choose another name",
    );
  });

  it("refuses a part of a name whose TLS is passed through, and such a name of which another has a part", () => {
    const text = (place: string, more = "") =>
      `services: { web: { image: i, x-zcloud: { names: [${place}], port: 80${more} } } }`;
    const whole = text("same.demo.lab.example", ", tls: passthrough");
    const part = text("same.demo.lab.example/api");
    for (const [first, second] of [[whole, part] as const, [part, whole] as const]) {
      const result = decide([stack("z", first, "2026-11-22T12:00:00Z"), stack("a", second, "2026-11-22T12:00:01Z")]);
      expect([...result.here.keys()]).toEqual(["demo/z"]);
      expect(result.refused.get("demo/a")?.problems[0]?.message).toContain("leads to demo/z:web already");
    }
  });

  it("refuses the later of two stacks that want one public port", () => {
    const asking = "services: { web: { image: i, x-zcloud: { tcp: [{ public: 2525 }] } } }";
    const result = decide([stack("z", asking, "2026-11-22T12:00:00Z"), stack("a", asking, "2026-11-22T12:00:01Z")]);
    expect([...result.here.keys()]).toEqual(["demo/z"]);
    expect(result.refused.get("demo/a")?.problems[0]).toMatchObject({
      path: "services.web.x-zcloud.tcp",
      message: "port 2525 leads to demo/z:web already; delete that stack first, or choose another port",
    });
  });

  it("lets the older of two keep the name when it is sent again", () => {
    const older = stack("z", web("same.demo.lab.example"), "2026-11-22T13:00:00Z");
    const younger = stack("a", web("same.demo.lab.example"), "2026-11-22T12:30:00Z");
    expect([...decide([younger, { ...older, since: "2026-11-22T12:00:00Z" }]).here.keys()]).toEqual(["demo/z"]);
    expect([...decide([younger, older]).here.keys()]).toEqual(["demo/a"]);
  });

  it("counts the tenant's limits over all its stacks, oldest first", () => {
    const heavy = (second: number) =>
      stack(`s${second}`, "services: { web: { image: i, mem_limit: 600M } }", `2026-11-22T12:00:0${second}Z`);
    const result = decide([
      heavy(1),
      heavy(2),
      stack("s3", "services: { web: { image: i, mem_limit: 100M } }", "2026-11-22T12:00:03Z"),
    ]);
    expect([...result.here.keys()]).toEqual(["demo/s1", "demo/s3"]);
    expect(result.refused.get("demo/s2")?.problems[0]?.message).toContain(
      "tenant demo would have 1.2G of memory (it has 1G)",
    );
    const many = Array.from({ length: 6 }, (_, index) =>
      stack(`n${index}`, "services: { web: { image: i, mem_limit: 8M } }", `2026-11-22T12:00:0${index}Z`),
    );
    expect([...decide(many).refused.keys()]).toEqual(["demo/n5"]);
  });

  it("leaves a stack with local volumes with the host that serves it", () => {
    const one = stack("keep", stateful("north"));
    const byHash = ["north/zpod1", "north/zpod2", "north/zpod3"].find(
      (self) => decide([one], { pods: 3, self }).here.size === 1,
    );
    const other = byHash === "north/zpod1" ? "zpod2" : "zpod1";
    const servedBy = new Map([["demo/keep", [other]]]);
    expect(decide([one], { pods: 3, self: `north/${other}`, servedBy }).here.size).toBe(1);
    expect(decide([one], { pods: 3, self: byHash ?? "", servedBy }).elsewhere).toEqual(
      new Map([["demo/keep", `north/${other}`]]),
    );
    const goneHost = new Map([["demo/keep", ["zpod9"]]]);
    expect(decide([one], { pods: 3, self: byHash ?? "", servedBy: goneHost }).here.size).toBe(1);
  });

  it("makes another label of another content of a file that a service reads", () => {
    const compose = "services: { web: { image: i, volumes: ['./html:/www:ro'] }, db: { image: i } }";
    const override = (text: string) =>
      decide([{ ...stack("a", compose), files: { "compose.yaml": compose, "html/a": text } }]).here.get("demo/a")
        ?.override ?? "";
    const label = /zcloud\.files: (\w+)/g;
    expect([...override("1").matchAll(label)]).toHaveLength(1);
    expect(override("1")).toBe(override("1"));
    expect(override("1")).not.toBe(override("2"));
  });
});
