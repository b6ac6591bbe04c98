import type { Keys } from "@zcloud/map";
import type { Enrolled } from "./enrolled.ts";

/**
 * The public keys as they should be after this run: what hosts answered, and for hosts out of reach what was known.
 * Hosts that are no longer in the map go, and lose their access with the next apply.
 */
export function mergeKeys(
  known: Keys | undefined,
  ca: string,
  answered: ReadonlyMap<string, Enrolled>,
  inMap: readonly string[],
): Keys {
  const hosts: Keys["hosts"] = {};
  for (const id of [...inMap].sort()) {
    const nkey = answered.get(id)?.nkey ?? known?.hosts[id]?.nkey;
    if (nkey !== undefined) hosts[id] = { nkey };
  }
  const thumbprints = [...answered.values()].map(({ acmeThumbprint }) => acmeThumbprint).filter((one) => one !== null);
  return { v: 1, ca, acmeThumbprint: thumbprints[0] ?? known?.acmeThumbprint ?? null, hosts };
}

/** Same keys, same bytes: what is signed must not change by itself. */
export function keysText(keys: Keys): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}
