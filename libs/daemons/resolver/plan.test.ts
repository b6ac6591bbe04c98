import { hostOf } from "@zcloud/map";
import { expect, test } from "vitest";
import { identityOf } from "../unbound/index.ts";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { desiredResolver } from "./index.ts";
import { resolverPlaces as places } from "./places.ts";
import { planResolver, type ResolverObserved } from "./plan.ts";
import { renderHints, renderResolver } from "./render.ts";
import { internalZones, publicZones, reverseZone } from "./zones.ts";

const map = labMap();
const self = hostOf(map, "north/zpod1");
const desired = desiredResolver(map, self);
const file = (content: string) => ({ content, mode: 0o644 });
const files = new Map([...desired.files, [places.resolvConf, file(desired.resolvConf)]]);
const good: ResolverObserved = { files, config: desired.config, running: identityOf(desired.config), enabled: true };
const without = (path: string) => new Map([...files].filter(([one]) => one !== path));

test.each<[string, Partial<ResolverObserved>, string[]]>([
  ["nothing to do", {}, []],
  [
    "nothing there: the host asks its resolver last",
    { files: new Map(), config: undefined, running: undefined, enabled: false },
    ["write-hints", "write-unit", "configure", "use-resolver"],
  ],
  ["another text", { config: "old\n" }, ["configure"]],
  ["it died", { running: undefined }, ["start"]],
  ["not at boot", { enabled: false }, ["start"]],
  ["it runs with another text", { running: "zcloud-1-2" }, ["restart"]],
  ["another unit", { files: without(places.unitFile) }, ["write-unit", "restart"]],
  ["the host asks somebody else", { files: without(places.resolvConf) }, ["use-resolver"]],
])("%s", (_, observed, expected) => {
  expect(planResolver(desired, { ...good, ...observed }, places).map(({ kind }) => kind)).toEqual(expected);
});

test("zones: what znet alone knows, and what it answers differently", () => {
  const zones = internalZones(map, self);
  expect(zones).toEqual(expect.arrayContaining(["zcloud.internal", "north", "south", "znet", "zpod1"]));
  expect(zones).toEqual(expect.arrayContaining(["1.64.10.in-addr.arpa", "2.64.10.in-addr.arpa"]));
  expect(publicZones(map)).toEqual(["demo.lab.example", "hello.lab.example", "lab.example", "notes.lab.example"]);
  expect(reverseZone("172.16.32.0/20")).toBe("16.172.in-addr.arpa");
  expect(reverseZone("10.64.1.0/26")).toBe("1.64.10.in-addr.arpa");
});

test("each zone is asked at the site's znet and nobody else; only what the world knows may be asked elsewhere", () => {
  const sections = renderResolver(map, self).split("forward-zone:").slice(1);
  const zones = new Map(sections.map((text) => [/name: "(.*)"/.exec(text)?.[1] ?? "", text]));
  expect([...zones.keys()]).toContain(".");
  for (const [zone, text] of zones) {
    expect([...text.matchAll(/forward-addr: (.*)/g)].map(([, address]) => address)).toEqual(["10.64.1.2"]);
    const world = zone === "." || zone.endsWith("lab.example.");
    expect(text.includes("forward-first: yes"), zone).toBe(world);
  }
});

test("where there is an internet its root servers are asked, else the map's upstreams are the root", () => {
  const world = { ...map, dns: { ...map.dns, upstreams: ["192.0.2.53", "9.9.9.9"] } };
  expect(renderResolver(world, self)).toContain('root-hints: "/usr/share/dns/root.hints"');
  expect(renderHints(world)).toBeUndefined();
  expect(renderHints(map)).toContain("root1.invalid. 3600000 A 192.0.2.53\n");
});

test("it answers this machine and nobody else", () => {
  const config = renderResolver(map, self);
  expect([...config.matchAll(/interface: (.*)/g)].map(([, address]) => address)).toEqual([
    "127.0.0.1",
    expect.anything(),
  ]);
  expect([...config.matchAll(/access-control: (\S+) allow/g)].map(([, network]) => network)).toEqual(["127.0.0.0/8"]);
});
