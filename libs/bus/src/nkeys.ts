import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { createUser, fromSeed } from "@nats-io/nkeys";

/** A NATS user key. `seed` (`SU...`) is the secret of the host that made it; `public` (`U...`) goes into zcloud.keys.json. */
export interface UserKey {
  readonly seed: string;
  readonly public: string;
}

/** Makes a new Ed25519 user key; call it on the host that will use it. */
export function createUserKey(): UserKey {
  const seed = new TextDecoder().decode(createUser().getSeed());
  return { seed, public: publicKeyOf(seed) };
}

/** The public key (`U...`) that belongs to a user's seed. Throws when the text is not an nkey seed. */
export function publicKeyOf(seed: string): string {
  return encodeUser(createPublicKey(keyOf(seed)));
}

/**
 * Answers the server's challenge. The client's own way signs in JavaScript: 350 ms and 4 MB at the first connection,
 * where Node's Ed25519 takes none.
 */
export function authenticatorOf(seed: string): (nonce?: string) => { nkey: string; sig: string } {
  const key = keyOf(seed);
  const nkey = encodeUser(createPublicKey(key));
  return (nonce = "") => ({ nkey, sig: sign(null, Buffer.from(nonce), key).toString("base64url") });
}

/** The key by which the host with this seed signs. */
export const signingKeyOf = (seed: string): KeyObject => keyOf(seed);

/** The key by which others verify that. @param nkey `U...` */
export function verifyingKeyOf(nkey: string): KeyObject {
  const bytes = unbase32(nkey);
  const x = bytes.subarray(1, 33).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  if (encodeUser(key) !== nkey) throw new TypeError(`${nkey} is no public user key`);
  return key;
}

/** PKCS #8 of an Ed25519 key is this prefix and the 32 bytes of its seed (RFC 8410, 10.3). */
const pkcs8 = Buffer.from("302e020100300506032b657004220420", "hex");

function keyOf(seed: string): KeyObject {
  const pair = fromSeed(new TextEncoder().encode(seed.trim())) as unknown as { getRawSeed(): Uint8Array };
  return createPrivateKey({ key: Buffer.concat([pkcs8, pair.getRawSeed()]), format: "der", type: "pkcs8" });
}

/** Prefix byte, key, CRC-16 (XMODEM, low byte first), in base32 without padding (ADR-14 of NATS). */
function encodeUser(key: KeyObject): string {
  const user = 20 << 3;
  const { x = "" } = key.export({ format: "jwk" });
  const bytes = Buffer.concat([Buffer.of(user), Buffer.from(x, "base64url")]);
  const crc = Buffer.alloc(2);
  crc.writeUInt16LE(crc16(bytes));
  return base32(Buffer.concat([bytes, crc]));
}

function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function unbase32(text: string): Buffer {
  const bits = [...text].map((letter) => Math.max(0, alphabet.indexOf(letter)).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)));
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}
