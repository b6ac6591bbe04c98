import { type HostEntry, hostsOf, type ZMap } from "@zcloud/map";
import type { StackSpec } from "./spec.ts";

/**
 * The host of a site that runs a stack; undefined if the stack's home is another site. Rendezvous hashing: a further
 * host takes only its share, and a host that goes moves only its own.
 */
export function placeStack(
  spec: Pick<StackSpec, "tenant" | "project" | "home" | "role">,
  map: ZMap,
  site: string,
): HostEntry | undefined {
  if (spec.home !== undefined && spec.home !== site) return undefined;
  const score = (host: HostEntry): number => hash(`${spec.tenant}/${spec.project} ${host.name}`);
  return [...hostsOf(map, spec.role, site)].sort((a, b) => score(b) - score(a) || (a.name < b.name ? -1 : 1))[0];
}

/** FNV-1a, 32 bits, with MurmurHash3's finalizer so that names that differ in one digit spread evenly. */
export function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) bits = Math.imul(bits ^ byte, 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
