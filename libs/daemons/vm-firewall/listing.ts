import { fingerprint } from "../nftables/fingerprint.ts";
import { refusals } from "./render.ts";

/** Our table as `nft list table` shows it, told apart into what was loaded and what was counted. */
export interface Listing {
  /** Without counts: the same as long as nobody changes a rule. */
  readonly text: string;
  readonly fingerprint: string;
  /** Packets by counter. */
  readonly packets: ReadonlyMap<string, number>;
}

export function readListing(stdout: string): Listing {
  const counted = stdout.matchAll(/^\s*counter (\S+) \{\s*packets (\d+) bytes \d+\s*\}/gm);
  const text = stdout.replace(/packets \d+ bytes \d+/g, "");
  return {
    text,
    fingerprint: fingerprint(text),
    packets: new Map([...counted].map(([, name = "", packets]) => [name, Number(packets)])),
  };
}

/** Packets that were refused since the rules were loaded, by the way they went. */
export function refusedPackets({ packets }: Listing): ReadonlyMap<string, number> {
  const named = refusals.flatMap((name) => {
    const count = packets.get(name);
    return count === undefined ? [] : [[name.replace("refused-", ""), count] as const];
  });
  return new Map(named);
}
