import { describe, expect, test } from "vitest";
import { carriedFingerprint } from "./fingerprint.ts";
import { desiredNftables, type NftablesObserved, NotAZcloudError, planNftables } from "./plan.ts";
import { twoSites } from "./sample.testing.ts";

const desired = desiredNftables(twoSites, "north/zcloud");
const asDesired: NftablesObserved = {
  loaded: carriedFingerprint(desired.ruleset),
  drifted: false,
  sysctls: desired.sysctls,
  files: desired.files,
  enabled: true,
};
const kinds = (observed: Partial<NftablesObserved>) =>
  planNftables(desired, { ...asDesired, ...observed }).map(({ kind }) => kind);

describe("planNftables", () => {
  test("nothing to do where everything is as it should be", () => {
    expect(kinds({})).toEqual([]);
  });

  test("a new zcloud: the kernel first, then the disk", () => {
    const plan = kinds({ loaded: undefined, sysctls: new Map(), files: new Map(), enabled: false });
    expect(plan).toEqual([
      "load-ruleset",
      ...[...desired.sysctls].map(() => "set-sysctl"),
      "write-file",
      "write-file",
      "write-file",
      "enable-at-boot",
    ]);
  });

  test("a table that somebody changed by hand is loaded again", () => {
    expect(planNftables(desired, { ...asDesired, drifted: true })).toMatchObject([
      { kind: "load-ruleset", change: "~", summary: "load again: it was changed by hand" },
    ]);
  });

  test("after a reload from an old file on disk, both are brought up to date", () => {
    const files = new Map([...desired.files, ["/etc/nftables.conf", { content: "old\n", mode: 0o644 }] as const]);
    expect(kinds({ loaded: "0000000000000000", files })).toEqual(["load-ruleset", "write-file"]);
  });

  test("only a zcloud has this firewall", () => {
    expect(() => desiredNftables(twoSites, "north/zpod1")).toThrow(NotAZcloudError);
  });
});
