import { expect, test } from "vitest";
import { createUserKey, publicKeyOf } from "./nkeys.ts";

test("a new key is a user's, and its public part follows from its seed", () => {
  const key = createUserKey();
  expect(key.seed).toMatch(/^SU[A-Z2-7]{56}$/);
  expect(key.public).toMatch(/^U[A-Z2-7]{55}$/);
  expect(publicKeyOf(`${key.seed}\n`)).toBe(key.public);
  expect(createUserKey().seed).not.toBe(key.seed);
  expect(() => publicKeyOf("SUNONSENSE")).toThrow();
});
