import * as z from "zod";
import { Label } from "./schemas.ts";

const Volume = { tenant: Label, stack: Label, volume: Label };

/** What a zpod asks its site's zstore about a volume. Each can be asked again. */
export const VolumeQuestion = z.discriminatedUnion("want", [
  /** It shall exist with this size (bytes), and this host may mount it. */
  z.strictObject({ want: z.literal("mount"), ...Volume, size: z.int().positive() }),
  /** Nobody mounts it any more; it goes to the trash. */
  z.strictObject({ want: z.literal("trash"), ...Volume }),
]);
export type VolumeQuestion = z.infer<typeof VolumeQuestion>;

/** How a client mounts a volume. The key is a secret. */
export const VolumeGrant = z.strictObject({
  /** Of Ceph's clients, without `client.`. */
  client: z.string().regex(/^[a-z0-9.-]{1,200}$/),
  key: z.string().regex(/^[A-Za-z0-9+/]{38}==$/, "a key of cephx"),
  /** In the file system `zcloud`. */
  path: z.string().regex(/^\/[A-Za-z0-9._/-]{1,300}$/),
});
export type VolumeGrant = z.infer<typeof VolumeGrant>;
