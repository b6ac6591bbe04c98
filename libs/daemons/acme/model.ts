import type { Door } from "./preflight.ts";
import type { FrontDoor } from "./proof.ts";

/** Names that share one certificate. */
export interface WantedCertificate {
  /** One of the names; the file is called after it. */
  readonly name: string;
  readonly names: readonly string[];
}

export interface HeldCertificate extends WantedCertificate {
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Who signed it, as its certificate says. */
  readonly issuer: string;
  /** Of this certificate and no other. */
  readonly fingerprint: string;
}

export interface AcmePaths {
  /** PEM, the same at both fronts. */
  readonly accountKey: string;
  /** Directory of NAME.pem. */
  readonly certificates: string;
  readonly attempts: string;
  readonly ledger: string;
  readonly renewals: string;
  /** The system's trust in authorities, for the directory's own TLS. */
  readonly trust: string;
}

export const acmePaths: AcmePaths = {
  accountKey: "/etc/zcloud/pki/acme-account.key",
  certificates: "/var/lib/zcloud/zfront/certs",
  attempts: "/var/lib/zcloud/zfront/acme-attempts.json",
  ledger: "/var/lib/zcloud/zfront/acme-orders.json",
  renewals: "/var/lib/zcloud/zfront/acme-renewals.json",
  trust: "/etc/ssl/certs/ca-certificates.crt",
};

/** Names by what serves them: those of one route may share a certificate. */
export type WantedNames = readonly (readonly string[])[];

export interface DesiredCertificates {
  readonly directory: string;
  readonly contact: string | undefined;
  /** One of the authority's profiles; undefined: its usual one. */
  readonly profile?: string | undefined;
  readonly wanted: WantedNames;
  /** Our addresses in DNS -> the door behind them. */
  readonly doors: ReadonlyMap<string, Door>;
  /** Where a new certificate is proved; undefined: nowhere. */
  readonly front?: { readonly own: FrontDoor; readonly peer?: FrontDoor | undefined } | undefined;
}
