import { join } from "node:path";
import { SignedMap } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import type { Installation } from "./installation.ts";

/** Where a signed map lies: on a host, and the operator's own copy of the last one. */
export const mapPath = "/etc/zcloud/map.json";
export const operatorsPath = "/etc/zcloud/operators";

export function lastSigned(installation: Installation): string {
  return join(installation.directory, "secrets", "last-map.json");
}

/** The signed map at a path; undefined if there is none, or it is not one. */
export async function readSigned(host: Host, path: string): Promise<SignedMap | undefined> {
  const text = await host.read(path);
  if (text === undefined) return undefined;
  try {
    const parsed = SignedMap.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** The newest of those found: what the next generation has to follow. */
export function newest(found: readonly (SignedMap | undefined)[]): SignedMap | undefined {
  return found.reduce(
    (best, one) => (one !== undefined && one.generation > (best?.generation ?? 0) ? one : best),
    undefined,
  );
}

/** Whether what is in force is already what the operator's files say. */
export function sameContent(signed: SignedMap | undefined, installation: Installation): signed is SignedMap {
  return signed !== undefined && signed.map === installation.mapText && signed.keys === installation.keysText;
}
