import { createHash, createPublicKey } from "node:crypto";

/** JWK thumbprint of an account key (RFC 7638). */
export function thumbprintOf(accountKey: string): string {
  const jwk = createPublicKey(accountKey).export({ format: "jwk" });
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  return createHash("sha256").update(canonical).digest("base64url");
}
