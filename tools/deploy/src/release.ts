import { createHash } from "node:crypto";

/** What is shipped to a host of a role: two files and the name of their content. */
export interface Release {
  readonly role: string;
  /** First 12 hex digits of the SHA-256 over bundle and unit: the same content is the same version, everywhere. */
  readonly version: string;
  readonly bundle: string;
  readonly unit: string;
}

export function release(role: string, bundle: string, unit: string): Release {
  const hash = createHash("sha256").update(`${bundle.length}\n`).update(bundle).update(unit);
  return { role, version: hash.digest("hex").slice(0, 12), bundle, unit };
}

/** Where a role's releases live on its hosts; `current` and `previous` are symlinks into `releases`. */
export function places(role: string): {
  readonly root: string;
  readonly releases: string;
  readonly unit: string;
  readonly service: string;
  readonly socket: string;
} {
  const root = `/opt/zcloud/${role}`;
  return {
    root,
    releases: `${root}/releases`,
    unit: `/etc/systemd/system/zcloud-${role}.service`,
    service: `zcloud-${role}.service`,
    socket: `/run/zcloud/${role}.sock`,
  };
}
