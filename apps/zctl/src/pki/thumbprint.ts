import { createHash, createPublicKey } from "node:crypto";

/**
 * Thumbprint of an EC P-256 key's public half (RFC 7638, 3.2: required members in lexical order, no white space),
 * base64url. The answer to an ACME http-01 challenge is `<token>.<thumbprint>` (RFC 8555, 8.1).
 */
export function thumbprint(pem: string): string {
  const { crv, kty, x, y } = createPublicKey(pem).export({ format: "jwk" });
  if (kty !== "EC" || crv !== "P-256")
    throw new TypeError(`compute the account thumbprint: expected an EC P-256 key, got ${kty} ${crv ?? ""}`);
  return createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
}
