import { describe, expect, it } from "vitest";
import type { CephReport } from "./cluster.ts";
import type { CephCheck } from "./health.ts";
import { type StorageView, storageProblems } from "./problems.ts";

const report: CephReport = {
  health: "HEALTH_OK",
  checks: [],
  quorum: ["north", "south", "witness"],
  monitors: ["north", "south", "witness"],
  osds: { up: 2, all: 2 },
  used: 0,
  total: 1,
};
const well: StorageView = {
  secrets: true,
  report,
  disks: [],
  site: "north",
  writes: { seconds: 0.004, stalled: 0, refusal: undefined },
  copies: 2,
  witness: "witness",
};
const check = (code: string, message: string, more: Partial<CephCheck> = {}): CephCheck => {
  return { code, severity: "HEALTH_WARN", message, detail: "", muted: false, ...more };
};
const told = (...checks: readonly CephCheck[]) => storageProblems({ ...well, report: { ...report, checks } });

describe("what Ceph complains of", () => {
  it("is told in our words with Ceph's own behind, and how urgent it is in front", () => {
    const detail = "osd.1 (root=default,datacenter=south,host=south-zstore) is down";
    expect(told(check("OSD_DOWN", "1 osds down", { detail }))).toEqual([
      {
        what: `soon: a disk is out of service: what is on it has no second copy until it is back, or until Ceph has made one on other disks of that site [${detail}]`,
        remedy:
          "is its zstore up (zctl status)? Then there: systemctl restart ceph-osd@N, journalctl -u ceph-osd@N -n 50. Broken for good: docs/operations.md#a-disk-of-ceph-is-broken (OSD_DOWN)",
      },
    ]);
    expect(told(check("PG_AVAILABILITY", "Reduced data availability: 8 pgs inactive"))[0]?.what).toBe(
      "now: some data can be neither read nor written: whoever asks for it waits [Reduced data availability: 8 pgs inactive]",
    );
    expect(told(check("MGR_DOWN", "no active mgr"))[0]?.what).toMatch(/^soon: no manager [^[]+$/);
    expect(told(check("RECENT_CRASH", "1 daemons have recently crashed"))[0]?.what).toMatch(/^to know: .* \[1 daemons/);
  });

  it("is as Ceph says it where no release that we know says it", () => {
    expect(told(check("NEW_ONE", "2 things are new"))).toEqual([
      { what: "Ceph: 2 things are new", remedy: "ceph health detail, on a zstore (NEW_ONE)" },
    ]);
  });

  it("a site that is away is told once, not again by its host and its disks; other disks are", () => {
    const codes = (...checks: readonly CephCheck[]) =>
      told(...checks).map(({ remedy }) => /\((\w+)\)$/.exec(remedy)?.[1]);
    const down = (number: number) => check("OSD_DOWN", `${number} osds down`);
    const host = check("OSD_HOST_DOWN", "1 host (2 osds) down");
    const site = check("OSD_DATACENTER_DOWN", "1 datacenter (2 osds) down");
    expect(codes(down(2), host, site)).toEqual(["OSD_DATACENTER_DOWN"]);
    expect(codes(down(3), host, site)).toEqual(["OSD_DATACENTER_DOWN", "OSD_DOWN"]);
    expect(codes(host)).toEqual(["OSD_HOST_DOWN"]);
    const hosts = check("OSD_HOST_DOWN", "2 hosts (4 osds) down");
    const sites = check("OSD_DATACENTER_DOWN", "2 datacenters (4 osds) down");
    expect(codes(down(4), hosts, sites, check("OSD_ROOT_DOWN", "1 root (4 osds) down"))).toEqual(["OSD_ROOT_DOWN"]);
    expect(codes(check("POOL_NEARFULL", "4 pool(s) nearfull"), check("OSD_NEARFULL", "2 nearfull osd(s)"))).toEqual([
      "OSD_NEARFULL",
    ]);
  });

  it("a disk that Ceph has given up, and says nothing of, is told of", () => {
    const up = (number: number, ...checks: readonly CephCheck[]) =>
      storageProblems({ ...well, report: { ...report, checks, osds: { up: number, all: 8 } } }).map(({ what }) => what);
    expect(up(8)).toEqual([]);
    expect(up(7)).toEqual([expect.stringMatching(/^soon: 1 of Ceph's 8 disks is not in service/)]);
    expect(up(6)).toEqual([expect.stringMatching(/^soon: 2 of Ceph's 8 disks are not/)]);
    expect(up(7, check("OSD_DOWN", "1 osds down"))).toEqual([expect.stringMatching(/^soon: a disk is out of service/)]);
    expect(up(7, check("OSD_DOWN", "1 osds down", { muted: true }))).toEqual([]);
  });

  it("what was muted is neither told nor tells for others", () => {
    const muted = check("OSD_DATACENTER_DOWN", "1 datacenter (1 osds) down", { muted: true });
    expect(told(muted)).toEqual([]);
    expect(told(muted, check("OSD_HOST_DOWN", "1 host (1 osds) down"))).toHaveLength(1);
  });
});

it("what is ours comes before: no secrets, no quorum, no witness, a disk that holds something", () => {
  const first = (view: Partial<StorageView>) => storageProblems({ ...well, ...view }).map(({ what }) => what);
  expect(first({})).toEqual([]);
  expect(first({ secrets: false })).toEqual(["this host has no key of the cluster"]);
  expect(first({ report: undefined })[0]).toMatch(/^Ceph's monitors do not answer/);
  const stalled = (seconds: number, refusal?: string) =>
    first({ writes: { seconds: 0.004, stalled: seconds, refusal } });
  expect(stalled(9.9)).toEqual([]);
  expect(stalled(14.2)).toEqual([
    "now: nothing was written to Ceph from north for 14 s: whoever writes to a volume there waits",
  ]);
  expect(stalled(14.2, "no such pool")[0]).toMatch(/^now: nothing .* for 14 s \[no such pool\]: whoever/);
  const bare = { ...report, monitors: ["north", "south"], checks: [check("OSD_FULL", "1 full osd(s)")] };
  expect(first({ report: bare })).toEqual([
    expect.stringMatching(/^the witness's monitor is not in the cluster/),
    expect.stringMatching(/^now: a disk is full/),
  ]);
  const foreign = { disk: { path: "/dev/x", size: undefined }, content: { kind: "foreign", what: "ext4" } } as const;
  expect(first({ disks: [{ ...foreign, uuid: "", attached: false, running: false }] })).toEqual([
    "/dev/x holds ext4, so it is not touched",
  ]);
});
