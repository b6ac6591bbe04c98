import { createPrivateKey, X509Certificate } from "node:crypto";

export type CheckedCertificate =
  | {
      readonly ok: true;
      readonly fingerprint: string;
      readonly names: readonly string[];
      /** Milliseconds since the epoch. */
      readonly notBefore: number;
    }
  | { readonly ok: false; readonly reason: string };

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** Milliseconds by which an authority's clock may be ahead of ours. */
const skew = 60_000;

/** What can be said of a certificate before anybody sees it: chain and key fit, it names what it must, and it is in time. */
export function checkIssued(pem: string, names: readonly string[], now: number): CheckedCertificate {
  try {
    const chain = (pem.match(block) ?? []).map((text) => new X509Certificate(text));
    const [leaf, ...above] = chain;
    if (leaf === undefined) return no("there is no certificate in it");
    if (!leaf.checkPrivateKey(createPrivateKey(pem))) return no("the key does not belong to the certificate");
    const broken = above.find((issuer, index) => {
      const signed = chain[index];
      return signed === undefined || !signed.checkIssued(issuer) || !signed.verify(issuer.publicKey);
    });
    if (broken !== undefined) return no(`the chain is broken before ${oneLine(broken.subject)}`);
    const missing = names.filter((name) => leaf.checkHost(name, { subject: "never" }) === undefined);
    if (missing.length > 0) return no(`it is not for ${missing.join(", ")}`);
    const [notBefore, notAfter] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
    if (notBefore > now + skew) return no(`it begins ${leaf.validFrom} only; is this host's clock right?`);
    if (notAfter <= now) return no(`it ended ${leaf.validTo}`);
    return { ok: true, fingerprint: fingerprintOf(leaf), names: dnsNames(leaf), notBefore };
  } catch (error) {
    return no(error instanceof Error ? error.message : String(error));
  }
}

/** SHA-1, hex, upper case: what HAProxy shows. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint.replaceAll(":", "");
}

function dnsNames({ subjectAltName = "" }: X509Certificate): readonly string[] {
  return subjectAltName.split(", ").flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : []));
}

function no(reason: string): CheckedCertificate {
  return { ok: false, reason };
}

function oneLine(subject: string): string {
  return subject.replaceAll("\n", ", ");
}
