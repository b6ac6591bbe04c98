import { desiredNftables, nftablesReconciler } from "@zcloud/daemons/nftables";
import type { Host } from "@zcloud/host";
import { type HostEntry, hostsOf, type ZMap } from "@zcloud/map";
import { type Action, observeAndPlan, type Reconciler, runPass } from "@zcloud/reconcile";
import type { Installation } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { everywhere, type Part } from "./parallel.ts";
import type { Change, HostPlan } from "./plan-screen.ts";

/** What became of one zcloud. */
export interface ZcloudChanges {
  readonly applied: readonly Change[];
}

/** One thing that zctl keeps as it should be on a zcloud, which has no agent. */
interface Kept {
  readonly name: string;
  plan(signal: AbortSignal): Promise<readonly Action[]>;
  pass(signal: AbortSignal): Promise<readonly Action[]>;
}

function kept<D, O, A extends Action>(reconciler: Reconciler<D, O, A>, desired: D): Kept {
  return {
    name: reconciler.name,
    plan: (signal) => observeAndPlan(reconciler, desired, signal),
    pass: (signal) => runPass(reconciler, desired, { read: signal, write: signal }),
  };
}

function keptOn(host: Host, map: ZMap, { id }: HostEntry): readonly Kept[] {
  return [kept(nftablesReconciler(host), desiredNftables(map, id))];
}

export function planZclouds(it: Invocation, { map }: Installation): Promise<readonly Part<Omit<HostPlan, "host">>[]> {
  return everywhere(hostsOf(map, "zcloud"), it.signal, async (entry) => {
    const host = await it.host(entry);
    const changes: Change[] = [];
    for (const one of keptOn(host, map, entry)) {
      changes.push(...(await one.plan(it.signal)).map((action) => shown(one.name, action)));
    }
    return { changes, errors: [] };
  });
}

export function reconcileZclouds(it: Invocation, { map }: Installation): Promise<readonly Part<ZcloudChanges>[]> {
  return everywhere(hostsOf(map, "zcloud"), it.signal, async (entry) => {
    const host = await it.host(entry);
    const applied: Change[] = [];
    for (const one of keptOn(host, map, entry)) {
      applied.push(...(await one.pass(it.signal)).map((action) => shown(one.name, action)));
    }
    return { applied };
  });
}

/** Only what is for people. */
function shown(reconciler: string, { kind, change, subject, summary, fate, detail }: Action): Change {
  return {
    ...{ reconciler, kind, change, subject, summary },
    ...(fate === undefined ? {} : { fate }),
    ...(detail === undefined ? {} : { detail }),
  };
}
