import { describe, expect, test } from "vitest";
import { type Cut, CutError, cutRulesets } from "./cuts.ts";
import { labMap } from "./sample.testing.ts";

/** Namespace -> rules, without those that have none. */
function rules(...cuts: readonly Cut[]): Record<string, readonly string[]> {
  const found = [...cutRulesets(labMap, "t", cuts)].map(([netns, text]) => {
    const dropping = text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.endsWith("counter drop"));
    return [netns.replace("zc-t-", ""), dropping.map((line) => line.replace(" counter drop", ""))] as const;
  });
  return Object.fromEntries(found.filter(([, lines]) => lines.length > 0));
}

describe("cutRulesets", () => {
  test("no cut leaves nothing dropped, and says so in every namespace that could", () => {
    expect(rules()).toEqual({});
    expect([...cutRulesets(labMap, "t", []).keys()].sort()).toEqual([
      "zc-t-internet",
      "zc-t-north-zcloud",
      "zc-t-south-zcloud",
      "zc-t-tunnel",
    ]);
  });

  test("two sites lose each other on both ways, in both directions", () => {
    const both = ['iifname "north" oifname "south"', 'iifname "south" oifname "north"'];
    expect(rules(["north", "south"])).toEqual({ tunnel: both, internet: both });
  });

  test("a site without internet has no tunnel either", () => {
    expect(Object.keys(rules(["south", "internet"])).sort()).toEqual(["internet", "tunnel"]);
  });

  test("two VMs of a site, two of different sites", () => {
    expect(rules(["north/zfront", "north/zpod1"])).toEqual({
      "north-zcloud": ["ip saddr 10.64.1.3 ip daddr 10.64.1.17", "ip saddr 10.64.1.17 ip daddr 10.64.1.3"],
    });
    expect(Object.keys(rules(["north/zfront", "south/zfront"]))).toEqual(["tunnel"]);
  });

  test("a VM and its zcloud are cut where the zcloud itself listens and speaks", () => {
    expect(rules(["north/zpod1", "north/zcloud"])).toEqual({
      "north-zcloud": ["ip saddr 10.64.1.17", "ip daddr 10.64.1.17"],
    });
  });

  test("a VM without internet: behind the site's NAT, where its own address is seen", () => {
    expect(rules(["internet", "north/zpod1"])).toEqual({
      "north-zcloud": ['iifname "wan" ip daddr 10.64.1.17', 'oifname "wan" ip saddr 10.64.1.17'],
    });
  });

  test.each([
    [["north", "north"], /name two parties/],
    [["north", "mars"], /there is no such party; there are north, south, north\/zcloud/],
    [["client", "internet"], /name a site or a host/],
    [["client", "north/zfront"], /cut north client instead/],
  ] as const)("%j is refused with what would be right", (cut, message) => {
    expect(() => cutRulesets(labMap, "t", [cut])).toThrow(CutError);
    expect(() => cutRulesets(labMap, "t", [cut])).toThrow(message);
  });
});
