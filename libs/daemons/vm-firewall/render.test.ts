import { allHosts, findHost, type HostEntry, hostOf, mayConnect, ports, type ZMap, zcloudOf } from "@zcloud/map";
import { golden } from "@zcloud/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aMap } from "../../map/src/any-map.test-support.ts";
import { oneSite, twoSites } from "../nftables/sample.testing.ts";
import { hasContainers } from "./flows.ts";
import { letsPass, type Packet } from "./judge.test-support.ts";
import { firewallPlaces } from "./places.ts";
import { operatorRule, renderVmFirewall } from "./render.ts";
import { desiredWitnessFirewall } from "./witness.ts";

const goldenFile = (name: string) => new URL(`golden/${name}.nft`, import.meta.url);
const vms = (map: ZMap) => allHosts(map).filter(({ role }) => role !== "zcloud");
const world = "192.0.2.99";

/** One of every class of port, the borders of the ranges, and some that nobody has. */
const tried = [
  ...Object.values(ports).flatMap((port) =>
    typeof port === "number" ? [port] : [port.from - 1, port.from, port.to, port.to + 1],
  ),
  ...[25, 465, 993, 5432, 8099],
].flatMap((port) => (["tcp", "udp"] as const).map((protocol) => ({ protocol, port })));

const addressOf = (map: ZMap, id: string): string =>
  ({ world, witness: map.witness?.address ?? "" })[id] ?? hostOf(map, id).address;

describe("renderVmFirewall", () => {
  test.each([
    ["znet", "north/znet"],
    ["zfront", "north/zfront"],
    ["zstore", "north/zstore"],
    ["zpod", "north/zpod1"],
    ["zmah", "north/zmah1"],
  ])("%s of two sites with a witness and a TCP service", (name, host) => {
    golden(goldenFile(name), renderVmFirewall(twoSites, hostOf(twoSites, host)));
  });

  test("the witness lets monitors of both sites in, and what it sends them goes to the public addresses", () => {
    const witness = { id: "witness" } as HostEntry;
    const { rules, operators } = desiredWitnessFirewall(twoSites, witness, firewallPlaces("/var/lib/zcloud/witness"));
    golden(goldenFile("witness"), rules);
    expect(rules.split("\n").map((line) => line.trim())).toContain(operators);
  });

  test("of a site alone, no rule knows a peer", () => {
    const text = renderVmFirewall(oneSite, hostOf(oneSite, "only/zfront"));
    golden(goldenFile("only-zfront"), text);
    expect(text).not.toContain("peer");
  });

  test("another map, another fingerprint; the same map, the same text", () => {
    const of = (map: ZMap) => renderVmFirewall(map, hostOf(map, "north/zpod1"));
    const comment = (text: string) => /comment "(.*)"/.exec(text)?.[1];
    expect(of(twoSites)).toBe(of(structuredClone(twoSites)));
    expect(comment(of(twoSites))).not.toBe(comment(of({ ...twoSites, witness: undefined })));
    expect(comment(of(twoSites))).not.toBe(comment(renderVmFirewall(twoSites, hostOf(twoSites, "north/zpod2"))));
  });
});

/** What `from` and `to` may and do, by both hosts' rulesets, over one port; what differs from the table. */
function differences(
  map: ZMap,
  from: string,
  to: string,
  { protocol, port }: (typeof tried)[number],
): readonly string[] {
  const allowed = mayConnect(map, from, to, protocol, port);
  const packet: Packet = { saddr: addressOf(map, from), daddr: addressOf(map, to), protocol, port };
  const [source, target] = [findHost(map, from), findHost(map, to)];
  const said = (way: "input" | "output" | "published" | "container", host: HostEntry) => {
    return letsPass(textOf(map, host), way, packet);
  };
  const wrong: string[] = [];
  const what = `${from} -> ${to} ${protocol}/${port}`;
  if (target !== undefined && target.role !== "zcloud") {
    // By its public address a site's front serves everybody who is not at the other site; who came by it can't be told here.
    const byPublicAddress =
      (source === undefined || source.site === target.site) && mayConnect(map, "world", to, protocol, port);
    if (said("input", target) !== (allowed || byPublicAddress)) wrong.push(`${what} in`);
    if (hasContainers(target) && said("published", target) !== allowed) wrong.push(`${what} to containers`);
  }
  if (source !== undefined && source.role !== "zcloud") {
    if (said("output", source) !== allowed) wrong.push(`${what} out`);
    if (hasContainers(source) && said("container", source) && !allowed) wrong.push(`${what} from containers`);
  }
  return wrong;
}

const texts = new WeakMap<HostEntry, string>();
function textOf(map: ZMap, host: HostEntry): string {
  const text = texts.get(host) ?? renderVmFirewall(map, host);
  texts.set(host, text);
  return text;
}

function placesOf(map: ZMap): readonly string[] {
  return [...allHosts(map).map(({ id }) => id), "world", ...(map.witness === undefined ? [] : ["witness"])];
}

describe("for every pair of hosts and every port, a VM lets in and out what the table says", () => {
  test.each([
    ["two sites", twoSites],
    ["one site", oneSite],
  ])(
    "%s",
    (_name, map) => {
      const places = placesOf(map);
      const pairs = places.flatMap((from) => places.flatMap((to) => (from === to ? [] : [[from, to] as const])));
      expect(pairs.flatMap(([from, to]) => tried.flatMap((port) => differences(map, from, to, port)))).toEqual([]);
    },
    120_000,
  );

  test("any map", () => {
    const choices = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.constantFrom(...tried)), { minLength: 60, maxLength: 60 });
    const check = (map: ZMap, chosen: readonly (readonly [number, number, (typeof tried)[number]])[]) => {
      const places = placesOf(map);
      for (const [a, b, port] of chosen) {
        const [from = "", to = ""] = [places[a % places.length], places[b % places.length]];
        if (from !== to) expect(differences(map, from, to, port)).toEqual([]);
      }
    };
    fc.assert(fc.property(aMap, choices, check), { numRuns: 30 });
  }, 120_000);
});

describe("in any map", () => {
  const holds = (check: (map: ZMap) => void) => fc.assert(fc.property(aMap, check), { numRuns: 20 });

  test("operators of the site come in everywhere, and no others", () => {
    holds((map) => {
      for (const self of vms(map)) {
        const text = renderVmFirewall(map, self);
        const ssh = (saddr: string): Packet => ({ saddr, daddr: self.address, protocol: "tcp", port: ports.ssh });
        const door = zcloudOf(map, self.site).address;
        expect(text).toContain(`\n    ${operatorRule(door)}\n`);
        expect(letsPass(text, "input", ssh(door))).toBe(true);
        expect(letsPass(text, "input", ssh(world))).toBe(false);
      }
    });
  }, 60_000);

  test("containers reach fronts and the internet; neither storage nor what the site keeps for its hosts", () => {
    holds((map) => {
      for (const from of vms(map).filter(hasContainers)) {
        const text = renderVmFirewall(map, from);
        const reaches = (to: string, port: number, protocol: "tcp" | "udp" = "tcp") =>
          letsPass(text, "container", { saddr: "10.89.0.5", daddr: addressOf(map, to), protocol, port });
        const at = (role: string) => `${from.site}/${role}`;
        expect(reaches(at("zfront"), ports.https)).toBe(true);
        expect(reaches("world", 443)).toBe(true);
        expect(reaches(at("znet"), ports.nats)).toBe(false);
        expect(reaches(at("znet"), ports.dns, "udp")).toBe(false);
        expect(reaches(at("zstore"), ports.cephMon)).toBe(false);
        expect(reaches(at("zcloud"), ports.ssh)).toBe(false);
      }
    });
  }, 60_000);
});
