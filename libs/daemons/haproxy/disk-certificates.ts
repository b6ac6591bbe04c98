import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Host } from "@zcloud/host";
import type { DiskCertificate } from "./certificates.ts";

export type ReadCertificate =
  | { readonly ok: true; readonly certificate: DiskCertificate }
  | { readonly ok: false; readonly reason: string };

/** What a PEM text with chain and key holds. HAProxy doesn't start with one that is broken, so none gets on its list. */
export function readCertificate(path: string, pem: string, now: number): ReadCertificate {
  try {
    const leaf = new X509Certificate(pem);
    const key = createPrivateKey(pem);
    if (!leaf.checkPrivateKey(key)) return { ok: false, reason: "the key does not belong to the certificate" };
    const notAfter = Date.parse(leaf.validTo);
    if (notAfter <= now) return { ok: false, reason: `ended ${leaf.validTo}` };
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.pem$/, "");
    const names = (leaf.subjectAltName ?? "")
      .split(", ")
      .flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : []));
    const fingerprint = leaf.fingerprint.replaceAll(":", "");
    const notBefore = Date.parse(leaf.validFrom);
    return {
      ok: true,
      certificate: { name, path, names, fingerprint, notBefore, notAfter, issuer: issuerOf(leaf.issuer) },
    };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Of node's `O=Let's Encrypt` and `CN=R11` on lines of their own. */
function issuerOf(lines: string): string {
  const part = (name: string): readonly string[] =>
    lines.split("\n").flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
  return [...part("O"), ...part("CN")].join(" ") || "unknown";
}

/** Reads a directory of certificates again and again; parses a file only when it has changed. */
export function certificateReader(host: Host, directory: string): (now: number) => Promise<readonly DiskCertificate[]> {
  const seen = new Map<string, { readonly stamp: string; readonly read: ReadCertificate }>();
  return async (now) => {
    const found: DiskCertificate[] = [];
    const files = (await host.list(directory)).filter((file) => file.endsWith(".pem"));
    for (const path of files.map((file) => `${directory}/${file}`)) {
      const stat = await host.stat(path);
      if (stat?.kind !== "file") continue;
      const stamp = `${stat.mtime} ${stat.size}`;
      const known = seen.get(path);
      const read = known?.stamp === stamp ? known.read : readCertificate(path, (await host.read(path)) ?? "", now);
      seen.set(path, { stamp, read });
      if (read.ok && read.certificate.notAfter > now) found.push(read.certificate);
    }
    for (const path of [...seen.keys()]) if (!files.some((file) => `${directory}/${file}` === path)) seen.delete(path);
    return found;
  };
}
