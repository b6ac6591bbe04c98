import type { VolumeId } from "./name.ts";

export interface Snapshot {
  readonly name: string;
  /** RFC 3339. */
  readonly at: string;
}

/** A volume as Ceph has it. */
export interface Volume {
  readonly id: VolumeId;
  /** Bytes it may hold. */
  readonly size: number;
  /** Bytes it holds, as of Ceph's last count (seconds ago). */
  readonly used: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** `copying`: it is being made from a snapshot. `broken`: Ceph says neither. */
  readonly state: "ready" | "copying" | "broken";
  /** When it was put into the trash, RFC 3339; nobody may mount it since. */
  readonly trashedAt: string | undefined;
  /** Its directory in the file system. */
  readonly path: string;
  /** Oldest first. */
  readonly snapshots: readonly Snapshot[];
  /** Clients that may mount it. */
  readonly clients: readonly string[];
}

/** What a client needs to mount one. */
export interface Grant {
  readonly client: string;
  /** cephx key of the client: a secret. */
  readonly key: string;
  readonly path: string;
}
