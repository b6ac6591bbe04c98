import { formatSize } from "@zcloud/map";
import { VolumeRefused } from "./errors.ts";
import { type VolumeId, volumeName } from "./name.ts";
import type { Volume } from "./volume.ts";

/** Bytes of all disks, and of those in use. */
export interface Room {
  readonly used: number;
  readonly total: number;
}

/** Of Ceph's room: from here on nobody gets a new volume, so that those who have one can go on. */
export const brake = 0.85;

/** @throws VolumeRefused if no new volume is to be made. @param room undefined: nobody knows */
export function mayCreate(id: VolumeId, size: number, room: Room | undefined): void {
  if (size <= 0) throw new VolumeRefused(`${volumeName(id)} would have no room at all`, "give it a size");
  if (room === undefined || room.total === 0 || room.used / room.total < brake) return;
  const full = Math.floor((room.used / room.total) * 100);
  throw new VolumeRefused(
    `Ceph's disks are ${full} % full: no new volumes from ${brake * 100} %`,
    "zctl volumes: delete what nobody needs; or put further disks into both sites",
  );
}

/** @throws VolumeRefused if nobody may use it as it is */
export function mayUse({ id, state, trashedAt }: Volume): void {
  const name = volumeName(id);
  if (trashedAt !== undefined)
    throw new VolumeRefused(
      `${name} lies in the trash since ${trashedAt}; an empty one is not made in its place`,
      `zctl volumes recover ${name}, or, to lose what is in it: zctl volumes purge ${name}`,
    );
  if (state === "copying")
    throw new VolumeRefused(
      `${name} is still being copied from a snapshot`,
      `zctl volumes ${name}: wait until it is ready`,
    );
  if (state === "broken")
    throw new VolumeRefused(
      `Ceph says that ${name} is not whole`,
      "on a zstore: ceph fs subvolume info, ceph health detail",
    );
}

/** @throws VolumeRefused if what is in it would not go into so many bytes */
export function mayResize({ id, used }: Volume, size: number): void {
  if (size >= used) return;
  throw new VolumeRefused(
    `${volumeName(id)} holds ${formatSize(used)}, which does not go into ${formatSize(size)}`,
    "delete something in it first, or leave its size as it is",
  );
}
