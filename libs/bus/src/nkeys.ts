import { createUser, fromSeed } from "@nats-io/nkeys";

/** A NATS user key. `seed` (`SU...`) is the secret of the host that made it; `public` (`U...`) goes into zcloud.keys.json. */
export interface UserKey {
  readonly seed: string;
  readonly public: string;
}

/** Makes a new Ed25519 user key; call it on the host that will use it. */
export function createUserKey(): UserKey {
  const pair = createUser();
  const text = new TextDecoder();
  return { seed: text.decode(pair.getSeed()), public: pair.getPublicKey() };
}

/** The public key (`U...`) that belongs to a seed. Throws when the text is not an nkey seed. */
export function publicKeyOf(seed: string): string {
  return fromSeed(new TextEncoder().encode(seed.trim())).getPublicKey();
}
