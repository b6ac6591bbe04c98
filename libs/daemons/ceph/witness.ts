import type { Host } from "@zcloud/host";
import type { HostEntry, ZMap } from "@zcloud/map";
import type { Action, Reconciler } from "@zcloud/reconcile";
import { createCephFiles } from "./base.ts";
import { createMonitor } from "./monitor.ts";
import { cephNodes, nodeOf } from "./shape.ts";
import { createPackages } from "./witness-packages.ts";

/** One thing that is kept on the witness, with what it should be. */
interface WitnessPart {
  with<R>(use: <D, O, A extends Action>(reconciler: Reconciler<D, O, A>, desired: D) => R): R;
}

function part<D, O, A extends Action>(reconciler: Reconciler<D, O, A>, desired: D): WitnessPart {
  return { with: (use) => use(reconciler, desired) };
}

/** What a monitor takes, and nothing else of Ceph's: neither client.admin's key nor any daemon that has data. */
const packages = ["ceph-mon", "python3-rados"] as const;

/** The witness's monitor, in the order in which it comes about. Its secrets are given by `zctl pki`. */
export function witnessParts(host: Host, map: ZMap, self: HostEntry): readonly WitnessPart[] {
  const node = nodeOf(map, self);
  const awaits = () => cephNodes(map).filter(({ site }) => site !== undefined);
  return [
    part(createPackages(host), packages),
    part(createCephFiles({ host }), { map, node }),
    part(createMonitor({ host, node: () => node, awaits }), node),
  ];
}
