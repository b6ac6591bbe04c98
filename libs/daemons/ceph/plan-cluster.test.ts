import { expect, test } from "vitest";
import { clusterWish } from "./index.ts";
import { twoSites } from "./maps.test-support.ts";
import { type ClusterObserved, planCluster } from "./plan-cluster.ts";

const wish = clusterWish(twoSites());
const fresh: ClusterObserved = {
  turn: true,
  osdsUp: 1,
  monitors: ["north"],
  strategy: "classic",
  disallowed: [],
  rules: ["replicated_rule"],
  pools: [],
  filesystems: [],
};
const pool = (name: string, application: string) => {
  return { name, size: 2, minSize: 1, rule: "zcloud", applications: [application] };
};
const whole: ClusterObserved = {
  ...fresh,
  monitors: ["north", "south", "witness"],
  strategy: "connectivity",
  disallowed: ["witness"],
  rules: ["replicated_rule", "zcloud"],
  pools: [pool(".mgr", "mgr"), pool("zcloud.meta", "cephfs"), pool("zcloud.data", "cephfs"), pool("zcloud.rbd", "rbd")],
  filesystems: ["zcloud"],
};
const said = (seen: ClusterObserved | undefined) =>
  planCluster(wish, seen).map(({ subject, summary }) => `${subject} ${summary}`);

test("from nothing: each finds what it needs before it", () => {
  expect(said(fresh)).toEqual([
    "rule zcloud a copy at each site",
    "pool zcloud.meta 2 copies, 16 placement groups",
    "pool zcloud.data 2 copies, 32 placement groups",
    "pool zcloud.rbd 2 copies, 16 placement groups",
    "file system zcloud in zcloud.meta and zcloud.data",
  ]);
});

test("nothing without monitors, without OSDs, at another's turn, or when all is there", () => {
  expect(said(undefined)).toEqual([]);
  expect(said({ ...fresh, osdsUp: 0 })).toEqual([]);
  expect(said({ ...fresh, turn: false })).toEqual([]);
  expect(said(whole)).toEqual([]);
});

test("once the witness is there, it never leads", () => {
  expect(said({ ...whole, strategy: "classic", disallowed: [] })).toEqual([
    "elections by who sees whom",
    "mon.witness never leads",
  ]);
  expect(said({ ...whole, monitors: ["north", "south"], strategy: "classic", disallowed: [] })).toEqual([]);
});

test("a pool that was begun, or changed by hand, is put right; people's own pools are left alone", () => {
  const bare = { name: "zcloud.rbd", size: 3, minSize: 2, rule: "replicated_rule", applications: [] };
  const pools = [...whole.pools.filter(({ name }) => name !== "zcloud.rbd"), bare, { ...bare, name: "mine" }];
  expect(said({ ...whole, pools })).toEqual([
    "pool zcloud.rbd rule replicated_rule -> zcloud",
    "pool zcloud.rbd 3 -> 2 copies",
    "pool zcloud.rbd for rbd",
  ]);
});

test("Ceph's own pool follows the sites' rule", () => {
  const pools = [{ ...pool(".mgr", "mgr"), rule: "replicated_rule" }, ...whole.pools.slice(1)];
  expect(said({ ...whole, pools })).toEqual(["pool .mgr rule replicated_rule -> zcloud"]);
});
