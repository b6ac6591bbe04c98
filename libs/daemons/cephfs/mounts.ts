import { applyFile, type Host, mustRun, observeFiles } from "@zcloud/host";
import type { ZMap } from "@zcloud/map";
import { type Action, type FileAction, type FileSet, planFiles, type Reconciler } from "@zcloud/reconcile";
import { askSocket } from "./admin-socket.ts";
import { cephfsPlaces, mountUnit, socketPath } from "./places.ts";
import { renderClientConf, renderMountUnit } from "./render.ts";
import { type KnownMount, knownMounts } from "./state.ts";

/** A volume's client on this host, as itself says. */
export interface MountSeen extends KnownMount {
  /** The cluster takes nothing from it any more; undefined: it does not answer. */
  readonly shutOut: boolean | undefined;
}

export interface MountsObserved {
  readonly mounts: readonly MountSeen[];
  readonly files: FileSet;
}

export interface Remount extends Action {
  readonly kind: "remount";
  readonly unit: string;
}

export type MountAction = FileAction | Remount;

/** Units and what they read; a change holds from a mount's next start on. */
export function mountFiles(map: ZMap, mounts: readonly KnownMount[]): FileSet {
  if (mounts.length === 0) return new Map();
  const unit = (mount: KnownMount) => {
    const { tenant, stack, volume } = mount;
    const content = renderMountUnit({ ...mount, map });
    return [`${cephfsPlaces.units}/${mountUnit(tenant, stack, volume)}`, { content, mode: 0o644 }] as const;
  };
  return new Map([[cephfsPlaces.config, { content: renderClientConf(map), mode: 0o644 }], ...mounts.map(unit)]);
}

/** A client that the cluster shut out (blocklisted) never gets in again: another one must take its place. */
export function planMounts(map: ZMap, { mounts, files }: MountsObserved): readonly MountAction[] {
  const remounts = mounts.filter(({ shutOut }) => shutOut === true);
  return [
    ...planFiles(mountFiles(map, mounts), files),
    ...remounts.map(
      ({ tenant, stack, volume }): Remount => ({
        ...{ kind: "remount", change: "~", subject: `volume ${tenant}/${stack}/${volume}` },
        summary: "mount anew and start its stack again: the cluster shut its client out",
        unit: mountUnit(tenant, stack, volume),
      }),
    ),
  ];
}

export interface MountsOptions {
  readonly host: Host;
  /** Directory with a file for each volume that is mounted here. */
  readonly state: string;
  /** Of the client of a volume; tests have it elsewhere. */
  readonly socket?: (tenant: string, stack: string, volume: string) => string;
}

/** Keeps the mounts of volumes: their units, and clients that can still do something. It asks the clients, never the mounts: those may hang. */
export function createMounts({
  host,
  state,
  socket = socketPath,
}: MountsOptions): Reconciler<ZMap, MountsObserved, MountAction> {
  async function look(mount: KnownMount, signal: AbortSignal): Promise<MountSeen> {
    const said = await askSocket(socket(mount.tenant, mount.stack, mount.volume), "status", signal);
    const told = typeof said === "object" && said !== null && "blocklisted" in said ? said.blocklisted : undefined;
    return { ...mount, shutOut: typeof told === "boolean" ? told : undefined };
  }
  return {
    name: "volume-mounts",
    async observe(signal) {
      const mounts = await Promise.all((await knownMounts(host, state)).map((mount) => look(mount, signal)));
      const units = mounts.map(
        ({ tenant, stack, volume }) => `${cephfsPlaces.units}/${mountUnit(tenant, stack, volume)}`,
      );
      return { mounts, files: await observeFiles(host, mounts.length === 0 ? [] : [cephfsPlaces.config, ...units]) };
    },
    plan: planMounts,
    async apply(action, signal) {
      if (action.kind === "remount") {
        // Nothing that it still holds can be written any more; its unit starts another, and its stack with it.
        await mustRun(host, ["systemctl", "kill", "--kill-whom=main", "--signal=KILL", action.unit], signal);
        return;
      }
      await applyFile(host, action);
      if (action.path.endsWith(".service")) await mustRun(host, ["systemctl", "daemon-reload"], signal);
    },
  };
}
