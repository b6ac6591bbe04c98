import type { Action } from "@zcloud/reconcile";
import type { MonCommand } from "./mon-command.ts";

/** One thing that the whole cluster must have. */
export interface ClusterWish {
  readonly rule: string;
  readonly copies: number;
  readonly pools: readonly { readonly name: string; readonly pgs: number; readonly application: string }[];
  readonly fs: { readonly name: string; readonly metadata: string; readonly data: string };
  /** The monitor that never leads; undefined without one. */
  readonly witness: string | undefined;
}

export interface ClusterObserved {
  /** Whether it is this host's turn: one does it, so that the sites don't do it at the same time. */
  readonly turn: boolean;
  /** OSDs that are up: a pool without them never becomes active. */
  readonly osdsUp: number;
  readonly monitors: readonly string[];
  readonly strategy: string;
  readonly disallowed: readonly string[];
  readonly rules: readonly string[];
  readonly pools: readonly ObservedPool[];
  readonly filesystems: readonly string[];
}

export interface ObservedPool {
  readonly name: string;
  readonly size: number;
  readonly minSize: number;
  readonly rule: string;
  readonly applications: readonly string[];
}

export interface ClusterAction extends Action {
  readonly kind: "tell";
  readonly commands: readonly MonCommand[];
}

/** Commands that give the cluster what it lacks, in an order in which each finds what it needs. */
export function planCluster(wish: ClusterWish, seen: ClusterObserved | undefined): readonly ClusterAction[] {
  if (seen === undefined || !seen.turn) return [];
  return [...planElections(wish, seen), ...(seen.osdsUp === 0 ? [] : planPools(wish, seen))];
}

function planElections({ witness }: ClusterWish, { strategy, disallowed, monitors }: ClusterObserved): ClusterAction[] {
  // Without a witness in the map of monitors, there are two at most, and nothing to choose.
  if (witness === undefined || !monitors.includes(witness)) return [];
  const actions: ClusterAction[] = [];
  if (strategy !== "connectivity")
    actions.push(
      tellTo("elections", "by who sees whom", [{ prefix: "mon set election_strategy", strategy: "connectivity" }]),
    );
  if (!disallowed.includes(witness))
    actions.push(tellTo(`mon.${witness}`, "never leads", [{ prefix: "mon add disallowed_leader", name: witness }]));
  return actions;
}

function planPools(wish: ClusterWish, seen: ClusterObserved): ClusterAction[] {
  const { rule, copies, pools, fs } = wish;
  const actions: ClusterAction[] = [];
  if (!seen.rules.includes(rule)) {
    const command = { prefix: "osd crush rule create-replicated", name: rule, root: "default", type: "datacenter" };
    actions.push(tellTo(`rule ${rule}`, "a copy at each site", [command]));
  }
  for (const { name, pgs, application } of pools) {
    const is = seen.pools.find((pool) => pool.name === name);
    if (is === undefined) {
      const command = {
        prefix: "osd pool create",
        pool: name,
        pg_num: pgs,
        pgp_num: pgs,
        pool_type: "replicated",
        rule,
      };
      actions.push(
        tellTo(`pool ${name}`, `${copies} copies, ${pgs} placement groups`, [command, ...enable(name, application)]),
      );
    } else {
      actions.push(...planPool(is, wish));
      if (!is.applications.includes(application))
        actions.push(tellTo(`pool ${name}`, `for ${application}`, enable(name, application)));
    }
  }
  for (const is of seen.pools.filter(({ name }) => !pools.some((pool) => pool.name === name))) {
    // Ceph's own, e.g. .mgr; pools of people are theirs.
    if (is.name.startsWith(".")) actions.push(...planPool(is, wish));
  }
  if (!seen.filesystems.includes(fs.name)) {
    const command = { prefix: "fs new", fs_name: fs.name, metadata: fs.metadata, data: fs.data };
    actions.push(tellTo(`file system ${fs.name}`, `in ${fs.metadata} and ${fs.data}`, [command]));
  }
  return actions;
}

function planPool(is: ObservedPool, { rule, copies }: ClusterWish): ClusterAction[] {
  const actions: ClusterAction[] = [];
  if (is.rule !== rule)
    actions.push(tellTo(`pool ${is.name}`, `rule ${is.rule} -> ${rule}`, [setPool(is.name, "crush_rule", rule)]));
  if (is.size !== copies || is.minSize !== copies / 2)
    actions.push(tellTo(`pool ${is.name}`, `${is.size} -> ${copies} copies`, sizes(is.name, copies)));
  return actions;
}

const sizes = (pool: string, copies: number): MonCommand[] => [
  setPool(pool, "size", String(copies)),
  setPool(pool, "min_size", String(copies / 2)),
];
const setPool = (pool: string, name: string, val: string): MonCommand => ({
  prefix: "osd pool set",
  pool,
  var: name,
  val,
});
const enable = (pool: string, app: string): MonCommand[] => [{ prefix: "osd pool application enable", pool, app }];

function tellTo(subject: string, summary: string, commands: readonly MonCommand[]): ClusterAction {
  return { kind: "tell", change: "+", subject, summary, commands };
}
