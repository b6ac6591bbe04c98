import { fromPublic, fromSeed } from "@nats-io/nkeys";
import { expect, test } from "vitest";
import { authenticatorOf, createUserKey, publicKeyOf } from "./nkeys.ts";

test("a new key is a user's, and its public part follows from its seed", () => {
  const key = createUserKey();
  expect(key.seed).toMatch(/^SU[A-Z2-7]{56}$/);
  expect(key.public).toMatch(/^U[A-Z2-7]{55}$/);
  expect(publicKeyOf(`${key.seed}\n`)).toBe(key.public);
  expect(createUserKey().seed).not.toBe(key.seed);
  expect(() => publicKeyOf("SUNONSENSE")).toThrow();
});

test("says what the reference implementation says", () => {
  for (let round = 0; round < 5; round += 1) {
    const { seed, public: own } = createUserKey();
    expect(own).toBe(fromSeed(new TextEncoder().encode(seed)).getPublicKey());
    const { nkey, sig } = authenticatorOf(seed)("a nonce");
    expect(nkey).toBe(own);
    expect(fromPublic(own).verify(new TextEncoder().encode("a nonce"), Buffer.from(sig, "base64url"))).toBe(true);
  }
});
