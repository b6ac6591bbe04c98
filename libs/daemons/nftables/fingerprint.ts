/**
 * 64 bits of FNV-1a (draft-eastlake-fnv) over a text, as 16 hex digits: tells two rulesets apart. No protection
 * against somebody who wants them to look alike; whoever can edit the one can edit the other.
 */
export function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

/** The fingerprint that a ruleset, as rendered or as the kernel lists it, carries in its table's comment. */
export function carriedFingerprint(ruleset: string): string | undefined {
  return /^\s*comment "([0-9a-f]{16})"$/m.exec(ruleset)?.[1];
}
