import type { Step } from "./steps.ts";

/** A certificate with its key on the front's disk; only ones that are whole, in time and fit together. */
export interface DiskCertificate {
  /** First name, and name of the file without `.pem`. */
  readonly name: string;
  readonly path: string;
  readonly names: readonly string[];
  /** SHA-1, hex, upper case, as HAProxy shows it. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** When the file was written. */
  readonly changedAt: number;
  /** `Let's Encrypt R11`: organisation and name of who signed it. */
  readonly issuer: string;
}

/** What the running process has: paths on the crt-list, and the fingerprint of each certificate. */
export interface LoadedCertificates {
  readonly list: ReadonlyMap<string, true>;
  readonly fingerprints: ReadonlyMap<string, string>;
}

/** A command of a certificate transaction; `pem`: with the file's content as payload. */
export interface CertificateStep extends Step {
  readonly pem?: boolean;
}

export function crtListText(certificates: readonly DiskCertificate[]): string {
  return certificates.map(({ path }) => `${path}\n`).join("");
}

/** Loads a certificate, or a newer one in its place (management guide: new, set, commit, add). Empty if it is there. */
export function installSteps(
  certificate: DiskCertificate,
  loaded: LoadedCertificates,
  crtList: string,
): readonly CertificateStep[] {
  const { path, fingerprint } = certificate;
  const now = loaded.fingerprints.get(path);
  const listed = loaded.list.has(path);
  return [
    ...(now === undefined
      ? [{ command: `new ssl cert ${path}`, expect: /^New empty certificate store|already exists/ }]
      : []),
    ...(now === fingerprint
      ? []
      : [
          { command: `set ssl cert ${path}`, pem: true, expect: /^Transaction (created|updated)/ },
          { command: `commit ssl cert ${path}`, expect: /Success!/ },
        ]),
    ...(listed ? [] : [{ command: `add ssl crt-list ${crtList} ${path}`, expect: /Success!/ }]),
  ];
}

export function removeSteps(path: string, crtList: string): readonly CertificateStep[] {
  return [
    { command: `del ssl crt-list ${crtList} ${path}`, expect: /deleted/ },
    { command: `del ssl cert ${path}`, expect: /deleted/ },
  ];
}
