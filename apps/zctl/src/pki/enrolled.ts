import * as z from "zod";

/** What a host prints when it has made its keys: public parts only. The private ones never leave it. */
export const Enrolled = z.strictObject({
  v: z.literal(1),
  /** PKCS #10 request, PEM, over the host's key. */
  csr: z.string().startsWith("-----BEGIN CERTIFICATE REQUEST-----"),
  /** SubjectPublicKeyInfo of the host's key, PEM. */
  publicKey: z.string().startsWith("-----BEGIN PUBLIC KEY-----"),
  /** Public half of the bus key. */
  nkey: z.string().regex(/^U[A-Z2-7]{55}$/),
  /** Certificates in place, PEM, or null. */
  certificate: z.string().nullable(),
  ca: z.string().nullable(),
  /** RFC 7638 thumbprint of the ACME account key, null where there is none. */
  acmeThumbprint: z.string().nullable(),
  /** What this run made, for the operator to read: `host.key`, `bus.nk`, `acme-account.key`. */
  made: z.array(z.string()),
});
export type Enrolled = z.infer<typeof Enrolled>;

/** Where a host keeps what pki gives it (all root's; keys 0600). */
export const places = {
  identity: "/etc/zcloud/host.json",
  ca: "/etc/zcloud/pki/ca.crt",
  hostKey: "/etc/zcloud/pki/host.key",
  hostCertificate: "/etc/zcloud/pki/host.crt",
  busSeed: "/etc/zcloud/pki/bus.nk",
  acmeAccount: "/etc/zcloud/pki/acme-account.key",
} as const;
