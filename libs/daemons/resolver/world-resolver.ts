import { applyFile, type Host, observeFiles } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { type FileAction, type FileSet, planFiles, type Reconciler } from "@zcloud/reconcile";

const path = "/etc/resolv.conf";
/** resolv.conf(5): more are not read. */
const most = 3;

/** resolv.conf of a zcloud: the map's upstreams. It must not ask a guest of its own for the names that it needs to start it. */
export function desiredWorldResolver({ dns }: ZMap): FileSet {
  const lines = dns.upstreams.slice(0, most).map((address) => `nameserver ${address}`);
  const text = [
    "# Written by zCloud from the map; changes are overwritten.",
    ...lines,
    "options timeout:1 attempts:2",
    "",
  ];
  return new Map([[path, { content: text.join("\n"), mode: 0o644 }]]);
}

/** Keeps it, also in the place of a link to somebody else's. */
export function createWorldResolver(host: Host): Reconciler<FileSet, FileSet, FileAction> {
  return {
    name: "resolver",
    observe: () => observeFiles(host, [path]),
    plan: planFiles,
    apply: (action) => applyFile(host, action),
  };
}
