/** FNV-1a, 32 bits: small, stable over versions and machines, and good enough to tell texts apart. Never for secrets. */
export function fnv32(text: string, seed = 0x811c9dc5): number {
  let hash = seed >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}

/** 8 hex digits of a short text. */
export function hex32(text: string): string {
  return fnv32(text).toString(16).padStart(8, "0");
}

/** 16 hex digits that change when the text does. */
export function fingerprint(text: string): string {
  if (latest?.text !== text) latest = { text, hash: hashOf(text) };
  return latest.hash;
}

/** A configuration is fingerprinted at every look, and it is nearly always the one of the look before. */
let latest: { readonly text: string; readonly hash: string } | undefined;

function hashOf(text: string): string {
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  return hex(fnv32(text)) + hex(fnv32(text, 0x9747b28c));
}
