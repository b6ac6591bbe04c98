import { witnessParts } from "@zcloud/daemons/ceph";
import { createChrony, desiredChrony } from "@zcloud/daemons/chrony";
import { createJournalBounds, desiredJournalBounds } from "@zcloud/daemons/journald";
import { desiredNftables, nftablesReconciler } from "@zcloud/daemons/nftables";
import { createWorldResolver, desiredWorldResolver } from "@zcloud/daemons/resolver";
import { createSshd, desiredSshd } from "@zcloud/daemons/sshd";
import { createTimezone, utc } from "@zcloud/daemons/timezone";
import { createUpgrades, desiredUpgrades } from "@zcloud/daemons/upgrades";
import { createFirewall, desiredWitnessFirewall, firewallPlaces } from "@zcloud/daemons/vm-firewall";
import type { Host } from "@zcloud/host";
import { type HostEntry, hostsOf, witnessOf, type ZMap } from "@zcloud/map";
import { type Action, observeAndPlan, type Reconciler, runPass } from "@zcloud/reconcile";
import type { Installation } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { everywhere, type Part } from "./parallel.ts";
import type { Change, HostPlan } from "./plan-screen.ts";

const witnessState = "/var/lib/zcloud/witness";

/** What became of one of them. */
export interface ZcloudChanges {
  readonly applied: readonly Change[];
}

/** One thing that zctl keeps as it should be on a machine without an agent. */
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

/** Machines that zctl itself keeps: the hypervisors, and the witness where there is one. */
function withoutAgent(map: ZMap): readonly HostEntry[] {
  const witness = witnessOf(map);
  return [...hostsOf(map, "zcloud"), ...(witness === undefined ? [] : [witness])];
}

/** As VMs keep it by themselves; but these depend on no guest, and everybody's way in is proved before it is changed for good. */
function keptOn(host: Host, map: ZMap, entry: HostEntry): readonly Kept[] {
  const proof = async (): Promise<void> => host.comeAnew?.();
  const common = [
    kept(createSshd({ host, proof }), desiredSshd(map, entry)),
    kept(createWorldResolver(host), desiredWorldResolver(map)),
    kept(createChrony({ host }), desiredChrony(map, entry)),
    kept(createTimezone({ host }), utc),
    kept(createJournalBounds(host), desiredJournalBounds(entry.disk)),
    kept(createUpgrades({ host }), desiredUpgrades(map, entry)),
  ];
  if (entry.role !== "witness") return [kept(nftablesReconciler(host), desiredNftables(map, entry.id)), ...common];
  const places = firewallPlaces(witnessState);
  const firewall = kept(createFirewall({ host, places }), desiredWitnessFirewall(map, entry, places));
  return [firewall, ...common, ...witnessParts(host, map, entry).map((part) => part.with(kept))];
}

export function planZclouds(it: Invocation, { map }: Installation): Promise<readonly Part<Omit<HostPlan, "host">>[]> {
  return everywhere(withoutAgent(map), it.signal, async (entry) => {
    const host = await it.host(entry);
    const changes: Change[] = [];
    for (const one of keptOn(host, map, entry)) {
      changes.push(...(await one.plan(it.signal)).map((action) => shown(one.name, action)));
    }
    return { changes, errors: [] };
  });
}

export function reconcileZclouds(it: Invocation, { map }: Installation): Promise<readonly Part<ZcloudChanges>[]> {
  return everywhere(withoutAgent(map), it.signal, async (entry) => {
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
