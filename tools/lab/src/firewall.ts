import { desiredNftables, nftablesReconciler } from "@zcloud/daemons/nftables";
import { runPass } from "@zcloud/reconcile";
import type { Lab } from "./lab.ts";
import { MachineHost } from "./machine-host.ts";

/** The zclouds' firewalls from the map, by the reconciler that `zctl apply` uses. Returns how many changes it made. */
export async function applyFirewalls(lab: Lab): Promise<number> {
  const zclouds = lab.machines.filter(({ host }) => host.role === "zcloud");
  const signal = AbortSignal.timeout(60_000);
  const applied = await Promise.all(
    zclouds.map((machine) => {
      const desired = desiredNftables(lab.map, machine.host.id);
      return runPass(nftablesReconciler(new MachineHost(machine)), desired, { read: signal, write: signal });
    }),
  );
  return applied.flat().length;
}
