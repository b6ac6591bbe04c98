import * as z from "zod";

/** A secret of Ceph's in its own form: type, time and 16 bytes, in base64. */
const Key = z.base64().length(40);

/** What makes a host belong to a cluster. Never in the map, on the bus or in a log: 0600 on zstores and the witness. */
export const ClusterSecrets = z.strictObject({
  v: z.literal(1),
  fsid: z.uuid(),
  /** Monitors among themselves; whoever has it may do everything. */
  mon: Key,
  /** Of client.admin; the witness has none. */
  admin: Key.optional(),
});
export type ClusterSecrets = z.infer<typeof ClusterSecrets>;

/**
 * CryptoKey::encode of Ceph: le16 type (1, AES), le32 seconds, le32 nanoseconds, le16 length, then the secret of 16 bytes.
 * @param now seconds since the epoch
 */
export function encodeKey(secret: Uint8Array, now: number): string {
  if (secret.length !== 16) throw new TypeError(`encode a key of Ceph: ${secret.length} bytes, 16 are needed`);
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setUint32(2, now, true);
  view.setUint16(10, 16, true);
  bytes.set(secret, 12);
  return btoa(String.fromCharCode(...bytes));
}
