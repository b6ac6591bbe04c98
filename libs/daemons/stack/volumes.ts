/** What is known about a volume that exists. */
export interface VolumeState {
  readonly tenant: string;
  readonly project: string;
  readonly volume: string;
  /** Directory that containers see. */
  readonly path: string;
}

export interface TrashedVolume {
  readonly tenant: string;
  readonly project: string;
  readonly volume: string;
  /** RFC 3339. */
  readonly at: string;
  readonly path: string;
}

/**
 * Where named volumes live. The local provider keeps directories on this host; the one on CephFS takes its place.
 * Every call is idempotent. Nothing here ever deletes data: what is no longer wanted goes to the trash.
 */
export interface VolumeProvider {
  readonly kind: "local" | "ceph";
  /** Makes the volume if it isn't there, owned by `owner` (a uid of the host), and returns its directory. */
  ensure(tenant: string, project: string, volume: string, size: number, owner: number): Promise<string>;
  /** The unit that mounts it, which its stack waits for; undefined: there is none. */
  unit(tenant: string, project: string, volume: string): string | undefined;
  /** Volumes on this host. Must not touch their contents: a hung mount must not hang the caller. */
  list(): Promise<readonly VolumeState[]>;
  /** Its stack runs elsewhere now: this host does not use it any more. */
  release(tenant: string, project: string, volume: string): Promise<void>;
  trash(tenant: string, project: string, volume: string): Promise<void>;
  listTrash(): Promise<readonly TrashedVolume[]>;
}

export function volumeKey(tenant: string, project: string, volume: string): string {
  return `${tenant}/${project}/${volume}`;
}
