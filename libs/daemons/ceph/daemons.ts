import type { Reconciler } from "@zcloud/reconcile";
import { admin, type CephHost, tell } from "./ask.ts";
import type { MonCommand } from "./mon-command.ts";
import { cephPlaces, dataDirectory, keyringOf } from "./places.ts";
import { type DaemonAction, type DaemonObserved, planDaemons } from "./plan.ts";
import { renderKeyring } from "./render.ts";
import type { CephNode } from "./shape.ts";
import { must, owned } from "./steps.ts";
import { type CephUnits, systemdUnits } from "./units.ts";

interface Seen {
  readonly quorum: boolean;
  readonly daemons: readonly DaemonObserved[];
}

/** Capabilities as ceph-deploy and Ceph's own documentation give them, as `osd auth` takes them: service and text in turn. */
const caps = {
  mgr: ["mon", "allow profile mgr", "osd", "allow *", "mds", "allow *"],
  mds: ["mon", "allow profile mds", "mgr", "allow profile mds", "osd", "allow rw tag cephfs *=*", "mds", "allow"],
  osd: ["mon", "allow profile osd", "mgr", "allow profile osd", "osd", "allow *"],
} as const;

/** Gets a key from the monitors, the same one each time, and writes it down for the daemon. */
export async function giveKey(
  { host, monitors }: CephHost,
  kind: keyof typeof caps,
  id: string,
  signal: AbortSignal,
): Promise<void> {
  const entity = `${kind}.${id}`;
  const command: MonCommand = { prefix: "auth get-or-create-key", entity, caps: [...caps[kind]] };
  const [key] = await tell(monitors, [command], { signal });
  await must(host, ["install", "-d", "-o", "ceph", "-g", "ceph", "-m", "0700", dataDirectory(kind, id)], signal);
  const text = renderKeyring(entity, (key ?? "").toString().trim());
  await host.write(keyringOf(kind, id), text, { mode: 0o600, owner: "ceph:ceph" });
  await owned(host, [dataDirectory(kind, id)], signal);
}

/** Keeps this host's manager and MDS. */
export function createDaemons(
  options: CephHost & {
    readonly units?: CephUnits;
    /** Of both. */
    readonly name: string;
  },
): Reconciler<CephNode, Seen, DaemonAction> {
  const { host, name } = options;
  const units = options.units ?? systemdUnits(host);
  return {
    name: "ceph-daemons",
    async observe(signal) {
      const daemons = await Promise.all(
        (["mgr", "mds"] as const).map(async (kind): Promise<DaemonObserved> => {
          const keyring = (await host.stat(keyringOf(kind, name))) !== undefined;
          return { kind, name, keyring, running: keyring && (await units.running(kind, name, signal)) };
        }),
      );
      const done = daemons.every(({ keyring, running }) => keyring && running);
      return { quorum: !done && (await hasQuorum(options, signal)), daemons };
    },
    plan: (_, { quorum, daemons }) => planDaemons(quorum, daemons),
    apply(action, signal) {
      if (action.kind === "give-key") return giveKey(options, action.daemon, action.name, signal);
      return units.start(action.daemon, action.name, signal);
    },
  };
}

/** Whether monitors with a quorum answer client.admin here. */
export async function hasQuorum({ host, monitors }: CephHost, signal: AbortSignal): Promise<boolean> {
  if ((await host.stat(admin.keyring)) === undefined) return false;
  // A site's monitor comes first; before it there is nothing to wait for a timeout for.
  if ((await host.list(`${cephPlaces.data}/mon`)).length === 0) return false;
  return (await monitors.ask([{ prefix: "mon dump", format: "json" }], { signal, timeout: 3 })) !== undefined;
}
