import { createHash } from "node:crypto";

/** What is shipped to a host of a role: its files and the name of their content. */
export interface Release {
  readonly role: string;
  /** First 12 hex digits of the SHA-256 over all files: the same content is the same version, everywhere. */
  readonly version: string;
  readonly bundle: string;
  readonly unit: string;
  /** Scripts beside the bundle, which it starts as processes of their own: file name -> text. */
  readonly more: ReadonlyMap<string, string>;
}

export function release(
  role: string,
  bundle: string,
  unit: string,
  more: ReadonlyMap<string, string> = new Map(),
): Release {
  const hash = createHash("sha256").update(`${bundle.length}\n`).update(bundle).update(unit);
  if (more.size > 0) hash.update(JSON.stringify([...more].sort(([a], [b]) => (a < b ? -1 : 1))));
  return { role, version: hash.digest("hex").slice(0, 12), bundle, unit, more };
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
