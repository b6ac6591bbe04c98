import { expect, test } from "vitest";
import { ClusterSecrets, encodeKey } from "./secrets.ts";

test("a key is written as ceph-authtool writes it", () => {
  // Of `ceph-authtool --gen-print-key`, 18.2.7: type 1, seconds, nanoseconds, 16 bytes.
  const bytes = Uint8Array.from(atob(encodeKey(new Uint8Array(16).fill(7), 0x01020304)), (c) => c.charCodeAt(0));
  expect([...bytes]).toEqual([1, 0, 4, 3, 2, 1, 0, 0, 0, 0, 16, 0, ...new Array<number>(16).fill(7)]);
  expect(() => encodeKey(new Uint8Array(15), 0)).toThrow("15 bytes, 16 are needed");
});

test("secrets of the witness lack the administrator's key; anything else in them is refused", () => {
  const mon = encodeKey(new Uint8Array(16), 0);
  const fsid = crypto.randomUUID();
  expect(ClusterSecrets.parse({ v: 1, fsid, mon })).toEqual({ v: 1, fsid, mon });
  expect(ClusterSecrets.safeParse({ v: 1, fsid, mon, more: 1 }).success).toBe(false);
  expect(ClusterSecrets.safeParse({ v: 1, fsid, mon: "short" }).success).toBe(false);
});
