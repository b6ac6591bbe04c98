import fc from "fast-check";
import { expect, test } from "vitest";
import { clientOf, parseSubvolume, parseVolume, subvolumeOf, volumeName } from "./name.ts";

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
const id = fc.record({ tenant: label, stack: label, volume: label });

test("names go there and back, and no two volumes share one", () => {
  fc.assert(
    fc.property(id, id, (one, other) => {
      expect(parseSubvolume(subvolumeOf(one))).toEqual(one);
      expect(parseVolume(volumeName(one))).toEqual(one);
      expect(subvolumeOf(one) === subvolumeOf(other)).toBe(volumeName(one) === volumeName(other));
      // Ceph takes letters, digits, dot, _ and -.
      expect(subvolumeOf(one)).toMatch(/^[A-Za-z0-9._-]{1,255}$/);
    }),
  );
});

test.each(["", "a/b", "a/b/c/d", "A/b/c", "a/../c", "a/b/c ", "-a/b/c", "a.b/c/d"])("%j is no volume's name", (text) =>
  expect(parseVolume(text)).toBeUndefined());

test("a client is a tenant's on one host", () => {
  expect(clientOf("north/zpod1", "garden")).toBe("zcloud.north.zpod1.garden");
});
