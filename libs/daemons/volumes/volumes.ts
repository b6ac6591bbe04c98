import type { Clock } from "@zcloud/reconcile";
import type { Monitors } from "../ceph/index.ts";
import { VolumeFailed, VolumeRefused } from "./errors.ts";
import { lookAt, lookAtAll, of, trashedKey } from "./look.ts";
import { createManager, EEXIST, ENOENT } from "./manager.ts";
import { type VolumeId, volumeName } from "./name.ts";
import { mayCreate, mayResize, mayUse, type Room } from "./refusals.ts";
import type { Grant, Volume } from "./volume.ts";

export interface VolumesOptions {
  readonly monitors: Monitors;
  /** Of Ceph's disks, as of the last look; undefined: nobody knows. */
  readonly room: () => Room | undefined;
  /** The time of day. */
  readonly clock: Pick<Clock, "now">;
}

/**
 * Volumes of stacks as subvolumes of CephFS: a group for each tenant, a namespace of its own for each volume's objects, a quota. Each
 * step can be repeated. What is no longer wanted goes to the trash; `purge` alone loses anything.
 *
 * All of them throw VolumeRefused (another try can't help) or VolumeFailed (Ceph can't now).
 */
export interface Volumes {
  /** Makes it if it isn't there, owned by `owner`, and gives it the size; what is in it must go into that. @param size bytes */
  ensure(id: VolumeId, want: { readonly size: number; readonly owner: number }, signal: AbortSignal): Promise<Volume>;
  /** Lets a client mount it, which has the same key for all of a tenant's volumes that it may mount. */
  authorize(id: VolumeId, client: string, signal: AbortSignal): Promise<Grant>;
  /** Ends that, and what the client has mounted of it. */
  deauthorize(id: VolumeId, client: string, signal: AbortSignal): Promise<void>;
  resize(id: VolumeId, size: number, signal: AbortSignal): Promise<Volume>;
  /** All, or a tenant's. */
  list(signal: AbortSignal, tenant?: string): Promise<readonly Volume[]>;
  find(id: VolumeId, signal: AbortSignal): Promise<Volume | undefined>;
  snapshot(id: VolumeId, name: string, signal: AbortSignal): Promise<void>;
  removeSnapshot(id: VolumeId, name: string, signal: AbortSignal): Promise<void>;
  /** Copies a snapshot into a new volume of the same tenant; `find` says when that is ready. */
  clone(id: VolumeId, snapshot: string, to: VolumeId, signal: AbortSignal): Promise<void>;
  /** Nobody may mount it any more; it stays as it is until it is recovered or purged. */
  trash(id: VolumeId, signal: AbortSignal): Promise<void>;
  recover(id: VolumeId, signal: AbortSignal): Promise<void>;
  /** Loses what is in the trash, its snapshots too. */
  purge(id: VolumeId, signal: AbortSignal): Promise<void>;
}

/** Names of snapshots: 1 to 60 of a-z, A-Z, 0-9, dot and -. */
const snapshotName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,59}$/;

export function createVolumes({ monitors, room, clock }: VolumesOptions): Volumes {
  const manager = createManager(monitors);
  const find = (id: VolumeId, signal: AbortSignal) => lookAt(manager, id, signal);

  async function existing(id: VolumeId, signal: AbortSignal): Promise<Volume> {
    const volume = await find(id, signal);
    if (volume === undefined)
      throw new VolumeRefused(`there is no volume ${volumeName(id)}`, "zctl volumes tells which there are");
    return volume;
  }

  async function usable(id: VolumeId, signal: AbortSignal): Promise<Volume> {
    const volume = await existing(id, signal);
    mayUse(volume);
    return volume;
  }

  async function made(id: VolumeId, signal: AbortSignal): Promise<Volume> {
    const volume = await find(id, signal);
    if (volume === undefined) throw new VolumeFailed(`Ceph made ${volumeName(id)}, and does not know it`);
    return volume;
  }

  const group = (id: VolumeId, signal: AbortSignal) =>
    manager.tell({ prefix: "fs subvolumegroup create", group_name: id.tenant }, signal);

  async function resized(volume: Volume, size: number, signal: AbortSignal): Promise<Volume> {
    if (volume.size === size) return volume;
    mayResize(volume, size);
    // What is in it is counted late: Ceph looks once more itself.
    const command = { prefix: "fs subvolume resize", ...of(volume.id), new_size: String(size), no_shrink: true };
    await manager.tell(command, signal);
    return { ...volume, size };
  }

  return {
    find,
    list: (signal, tenant) => lookAtAll(manager, signal, tenant),
    async ensure(id, { size, owner }, signal) {
      const volume = await find(id, signal);
      if (volume !== undefined) {
        mayUse(volume);
        return resized(volume, size, signal);
      }
      mayCreate(id, size, room());
      await group(id, signal);
      const rights = { size, uid: owner, gid: owner, mode: "755", namespace_isolated: true };
      await manager.tell({ prefix: "fs subvolume create", ...of(id), ...rights }, signal);
      return made(id, signal);
    },
    async authorize(id, client, signal) {
      const { path } = await usable(id, signal);
      const right = { auth_id: client, access_level: "rw", tenant_id: id.tenant };
      const { out } = await manager.tell({ prefix: "fs subvolume authorize", ...of(id), ...right }, signal);
      return { client, key: out.trim(), path };
    },
    async deauthorize(id, client, signal) {
      await manager.tell({ prefix: "fs subvolume deauthorize", ...of(id), auth_id: client }, signal, [ENOENT]);
      await manager.tell({ prefix: "fs subvolume evict", ...of(id), auth_id: client }, signal, [ENOENT]);
    },
    resize: async (id, size, signal) => resized(await usable(id, signal), size, signal),
    async snapshot(id, name, signal) {
      if (!snapshotName.test(name))
        throw new VolumeRefused(`${name} can't name a snapshot`, "use up to 60 of a-z, A-Z, 0-9, dot and -");
      await usable(id, signal);
      await manager.tell({ prefix: "fs subvolume snapshot create", ...of(id), snap_name: name }, signal, [EEXIST]);
    },
    async removeSnapshot(id, name, signal) {
      await manager.tell({ prefix: "fs subvolume snapshot rm", ...of(id), snap_name: name }, signal, [ENOENT]);
    },
    async clone(id, snapshot, to, signal) {
      const { snapshots, size } = await existing(id, signal);
      if (!snapshots.some(({ name }) => name === snapshot))
        throw new VolumeRefused(`${volumeName(id)} has no snapshot ${snapshot}`, `zctl volumes ${volumeName(id)}`);
      if (to.tenant !== id.tenant)
        throw new VolumeRefused("a copy stays with its tenant", `name it ${id.tenant}/STACK/VOLUME`);
      if ((await find(to, signal)) !== undefined)
        throw new VolumeRefused(
          `there is a volume ${volumeName(to)} already`,
          "choose another name, or purge that one",
        );
      mayCreate(to, size, room());
      const target = { target_sub_name: of(to).sub_name, target_group_name: to.tenant };
      const command = { prefix: "fs subvolume snapshot clone", ...of(id), snap_name: snapshot, ...target };
      await manager.tell(command, signal);
    },
    async trash(id, signal) {
      const { trashedAt, clients } = await existing(id, signal);
      const value = new Date(clock.now()).toISOString().replace(/\.\d+/, "");
      // First, so that nobody is let in meanwhile.
      if (trashedAt === undefined)
        await manager.tell({ prefix: "fs subvolume metadata set", ...of(id), key_name: trashedKey, value }, signal);
      for (const client of clients) await this.deauthorize(id, client, signal);
    },
    async recover(id, signal) {
      await existing(id, signal);
      const command = { prefix: "fs subvolume metadata rm", ...of(id), key_name: trashedKey };
      await manager.tell(command, signal, [ENOENT]);
    },
    async purge(id, signal) {
      const volume = await find(id, signal);
      if (volume === undefined) return;
      if (volume.trashedAt === undefined)
        throw new VolumeRefused(`${volumeName(id)} is not in the trash`, `zctl volumes trash ${volumeName(id)} first`);
      for (const { name } of volume.snapshots) await this.removeSnapshot(id, name, signal);
      await manager.tell({ prefix: "fs subvolume rm", ...of(id) }, signal, [ENOENT]);
    },
  };
}
