import { hostOf } from "@zcloud/map";
import { describe, expect, test } from "vitest";
import { carriedFingerprint } from "../nftables/fingerprint.ts";
import { twoSites } from "../nftables/sample.testing.ts";
import { desiredFirewall } from "./index.ts";
import { readListing, refusedPackets } from "./listing.ts";
import { firewallPlaces } from "./places.ts";
import { type FirewallObserved, planFirewall } from "./plan.ts";

const desired = desiredFirewall(twoSites, hostOf(twoSites, "north/zpod1"), firewallPlaces("/state"));
const asDesired: FirewallObserved = {
  rules: desired.rules,
  loaded: carriedFingerprint(desired.rules),
  asLoaded: true,
  unitFiles: desired.unitFiles,
  enabled: true,
};
const plan = (observed: Partial<FirewallObserved>) => planFirewall(desired, { ...asDesired, ...observed });

describe("planFirewall", () => {
  test("nothing to do where everything is as it should be", () => {
    expect(plan({})).toEqual([]);
  });

  test("a new VM: the rules in force, then what the next boot does", () => {
    const observed = { rules: undefined, loaded: undefined, asLoaded: undefined, unitFiles: new Map(), enabled: false };
    expect(plan(observed).map(({ kind }) => kind)).toEqual(["configure", "write-unit", "enable"]);
  });

  test("another map: the lines that change can be read", () => {
    const [change, ...more] = plan({ rules: desired.rules.replace("tcp dport { 9550, 9100 }", "tcp dport 9999") });
    expect(change).toMatchObject({ kind: "configure", change: "~", subject: "rules.nft", summary: "1 line" });
    expect(change?.detail).toMatch(/^-.*tcp dport 9999 counter name "znet-zpod-metrics" accept$/m);
    expect(change?.detail).toMatch(/^\+.*tcp dport { 9550, 9100 } counter name "znet-zpod-metrics" accept$/m);
    expect(more).toEqual([]);
  });

  test.each([
    [{ loaded: undefined }, "+", "load: no firewall is in force"],
    [{ loaded: "0000000000000000" }, "~", "load: another one is in force"],
    [{ asLoaded: false }, "~", "load again: it was changed by hand"],
    [{ asLoaded: undefined }, "~", "load: nobody knows whether it was changed by hand"],
  ] as const)("%o", (observed, change, summary) => {
    expect(plan(observed)).toMatchObject([{ kind: "load", change, summary }]);
  });
});

describe("readListing", () => {
  const listed = (packets: number, rule = "accept") => `table inet zcloud_vm {
	counter refused-arriving {
		packets ${packets} bytes ${packets * 60}
	}

	counter zfront-zpod {
		packets 7 bytes 420
	}

	chain input {
		iifname "lo" ${rule}
	}
}
`;

  test("counts don't make it another one, rules do", () => {
    expect(readListing(listed(1)).fingerprint).toBe(readListing(listed(2)).fingerprint);
    expect(readListing(listed(1)).fingerprint).not.toBe(readListing(listed(1, "drop")).fingerprint);
  });

  test("knows what was refused", () => {
    expect([...refusedPackets(readListing(listed(3)))]).toEqual([["arriving", 3]]);
  });
});
