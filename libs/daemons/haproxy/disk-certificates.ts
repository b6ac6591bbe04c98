import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Host } from "@zcloud/host";
import type { DiskCertificate } from "./certificates.ts";

export type ReadCertificate =
  | { readonly ok: true; readonly certificate: DiskCertificate }
  | { readonly ok: false; readonly reason: string };

/** What a PEM text with chain and key holds. HAProxy doesn't start with one that is broken, so none gets on its list. */
export function readCertificate(path: string, pem: string, now: number, changedAt = now): ReadCertificate {
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
      certificate: { name, path, names, fingerprint, notBefore, notAfter, changedAt, issuer: issuerOf(leaf.issuer) },
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

/** Files that are looked at although their directory has not changed, in turn: nobody writes into one, but one might. */
const filesPerLook = 500;
/** Files that are looked at at once: a look is mostly waiting. */
const together = 64;
/** File systems count time in steps of some milliseconds: what changed this shortly before a look may change unseen. */
const settled = 2_000;

interface Seen {
  readonly stamp: string;
  readonly read: ReadCertificate;
}

/** `which`: files whose name is new and nothing else, where a look at all of them takes too long. */
export type CertificateReader = (now: number, which?: "all" | "new") => Promise<readonly DiskCertificate[]>;

/**
 * Reads a directory of certificates again and again; parses a file only when it has changed, and looks at all files only
 * when the directory has: certificates come by rename. The same list again if nothing is different.
 */
export function certificateReader(host: Host, directory: string): CertificateReader {
  const seen = new Map<string, Seen>();
  let paths: readonly string[] = [];
  let stamp: number | undefined;
  let next = 0;
  let latest: readonly DiskCertificate[] = [];

  async function look(path: string, now: number): Promise<boolean> {
    const known = seen.get(path);
    const stat = await host.stat(path);
    if (stat?.kind !== "file") return seen.delete(path);
    const fresh = `${stat.mtime} ${stat.size}`;
    if (known?.stamp === fresh) return false;
    seen.set(path, { stamp: fresh, read: readCertificate(path, (await host.read(path)) ?? "", now, stat.mtime) });
    return true;
  }

  async function list(): Promise<readonly string[]> {
    const files = await host.list(directory);
    paths = files.filter((file) => file.endsWith(".pem")).map((file) => `${directory}/${file}`);
    return paths;
  }

  /** Those files that are due now. */
  async function due(now: number): Promise<readonly string[]> {
    const changed = (await host.stat(directory))?.mtime;
    if (changed === undefined || changed !== stamp) {
      stamp = changed === undefined || Math.abs(now - changed) < settled ? undefined : changed;
      return list();
    }
    const turn = paths.slice(next, next + filesPerLook);
    next = next + filesPerLook >= paths.length ? 0 : next + filesPerLook;
    return turn;
  }

  async function read(now: number, which: "all" | "new"): Promise<readonly DiskCertificate[]> {
    const before = paths;
    let changed = false;
    const files = which === "all" ? await due(now) : (await list()).filter((path) => !seen.has(path));
    for (let from = 0; from < files.length; from += together) {
      const looks = files.slice(from, from + together).map((path) => look(path, now));
      changed = (await Promise.all(looks)).includes(true) || changed;
    }
    if (before !== paths) {
      const there = new Set(paths);
      for (const path of [...seen.keys()]) if (!there.has(path)) changed = seen.delete(path) || changed;
    }
    if (!changed && latest.every(({ notAfter }) => notAfter > now)) return latest;
    latest = paths.flatMap((path) => {
      const read = seen.get(path)?.read;
      return read?.ok === true && read.certificate.notAfter > now ? [read.certificate] : [];
    });
    return latest;
  }

  // One look after another: of two at once, one would find what the other has not read yet, and take it for missing.
  let last: Promise<unknown> = Promise.resolve();
  return (now, which = "all") => {
    const mine = last.then(() => read(now, which));
    // One that failed has not seen everything.
    last = mine.catch(() => {
      stamp = undefined;
    });
    return mine;
  };
}
