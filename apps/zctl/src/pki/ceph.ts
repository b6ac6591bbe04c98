import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { ClusterSecrets, cephPlaces, encodeKey } from "@zcloud/daemons/ceph";
import type { Host } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import * as z from "zod";
import { ZctlError } from "../exit.ts";

/** secrets/ceph.json: what makes the cluster, for the hosts that run it. */
const Kept = ClusterSecrets.extend({
  admin: z.string(),
  /** The host that has yet to be told that it may found the cluster; null once it was. */
  founder: z.string().nullable(),
});
type Kept = z.infer<typeof Kept>;

export interface CephShare {
  readonly entry: HostEntry;
  readonly host: Host;
}

/**
 * Gives the cluster's secrets to zstores and the witness, over SSH's standard input. They are made once, here, so that either site can come up without
 * the other. Only who made them may say that no cluster exists yet: the first site's zstore is told so once, and founds it.
 * @param now milliseconds since the epoch
 * @returns ids of hosts that got them now
 */
export async function shareCeph(
  local: Host,
  directory: string,
  first: string,
  to: readonly CephShare[],
  now: number,
): Promise<readonly string[]> {
  const path = join(directory, "secrets", "ceph.json");
  const kept = (await keptSecrets(local, path)) ?? (await makeSecrets(local, path, first, now));
  const { founder, ...secrets } = kept;
  const { admin: _, ...monitors } = secrets;
  const given: string[] = [];
  for (const { entry, host } of to) {
    // The third place has nothing of the users', and no key that opens it but the one without which there is no monitor.
    const text = `${JSON.stringify(entry.role === "witness" ? monitors : secrets)}\n`;
    const there = await host.read(cephPlaces.secrets);
    if (there !== undefined && fsidOf(there) !== secrets.fsid) {
      throw new ZctlError("ENROLL", `${entry.id} belongs to another cluster of Ceph`, {
        remedy: `if it holds nobody's data, on the host: rm ${cephPlaces.secrets}; then again`,
      });
    }
    if (there !== text) {
      await host.write(cephPlaces.secrets, text, { mode: 0o600 });
      given.push(entry.id);
    }
    if (entry.id !== founder) continue;
    await host.write(cephPlaces.mayFound, "");
    await save(local, path, { ...kept, founder: null });
  }
  return given;
}

async function keptSecrets(local: Host, path: string): Promise<Kept | undefined> {
  const text = await local.read(path);
  if (text === undefined) return undefined;
  const parsed = Kept.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new ZctlError("BAD_FILE", `${path} is not what it was`, { exit: "badMap", remedy: "put your copy of it back" });
}

/** On this machine's disk before any host has them: what a host has is never made twice. */
async function makeSecrets(local: Host, path: string, founder: string, now: number): Promise<Kept> {
  const key = () => encodeKey(randomBytes(16), Math.floor(now / 1_000));
  const made: Kept = { v: 1, fsid: randomUUID(), mon: key(), admin: key(), founder };
  await save(local, path, made);
  return made;
}

function save(local: Host, path: string, kept: Kept): Promise<void> {
  return local.write(path, `${JSON.stringify(kept, undefined, 2)}\n`, { mode: 0o600 });
}

function fsidOf(text: string): string | undefined {
  try {
    return ClusterSecrets.parse(JSON.parse(text)).fsid;
  } catch {
    return undefined;
  }
}
