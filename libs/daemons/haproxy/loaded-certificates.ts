import type { DiskCertificate, LoadedCertificates } from "./certificates.ts";
import { parseFingerprint, pathReading } from "./parse.ts";
import type { Send, Stream } from "./runtime.ts";
import type { FrontPaths } from "./settings.ts";
import { sharing } from "./shared-map.ts";

/** Which process it is: what was known of another one says nothing. */
export interface ProcessId {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

/** Certificates that are asked for at every look, in turn: with more than that, a wrong one is found a few looks later. */
export const certificatesPerLook = 250;
/** A file that changed so shortly before the start of HAProxy may have changed after it was loaded. Milliseconds. */
const doubtful = 60_000;

export interface CertificateWatch {
  look(
    ask: { readonly send: Send; readonly stream: Stream },
    process: ProcessId,
    disk: readonly DiskCertificate[],
  ): Promise<LoadedCertificates>;
  /** It was just changed, or the attempt failed: the next look asks for it. */
  touched(path: string): void;
}

/**
 * What certificates HAProxy has. Their names and the crt-list are listed at every look; what a certificate is has to be
 * asked for one by one, so it is remembered per process. Asked for at a look: those that were touched, those that the
 * file may have overtaken, and the next `certificatesPerLook` of all. HAProxy loads files at its start, so one that has
 * not been asked for yet is taken to be what the file is.
 */
export function certificateWatch(paths: Pick<FrontPaths, "certificates" | "crtList">): CertificateWatch {
  let process: ProcessId | undefined;
  let before: LoadedCertificates = { list: new Map(), fingerprints: new Map() };
  let stores: ReadonlyMap<string, true> = new Map();
  let next = 0;
  const due = new Set<string>();

  function begin(now: ProcessId, disk: readonly DiskCertificate[]): void {
    if (process?.pid === now.pid && Math.abs(process.startedAt - now.startedAt) < 2_000) return;
    process = now;
    before = { ...before, fingerprints: new Map(disk.map(({ path, fingerprint }) => [path, fingerprint])) };
    for (const { path, changedAt } of disk) if (changedAt > now.startedAt - doubtful) due.add(path);
  }

  return {
    async look({ send, stream }, now, disk) {
      begin(now, disk);
      const listing = pathReading(before.list);
      await stream(`show ssl crt-list ${paths.crtList}`, listing.read);
      const inStore = pathReading(stores);
      await stream("show ssl cert", inStore.read);
      stores = inStore.end();
      const all = [...stores.keys()].filter((path) => path.startsWith(`${paths.certificates}/`));
      const turn = new Set(all.slice(next, next + certificatesPerLook));
      next = next + certificatesPerLook >= all.length ? 0 : next + certificatesPerLook;
      const fingerprints = sharing(before.fingerprints);
      for (const path of all) {
        const known = before.fingerprints.get(path);
        const ask = known === undefined || turn.has(path) || due.has(path);
        // A store without certificate is what a broken-off installation leaves; it counts as another certificate.
        fingerprints.set(path, ask ? (parseFingerprint(await send(`show ssl cert ${path}`)) ?? "") : known);
      }
      due.clear();
      const [list, prints] = [listing.end(), fingerprints.end()];
      if (list !== before.list || prints !== before.fingerprints) before = { list, fingerprints: prints };
      return before;
    },
    touched: (path) => due.add(path),
  };
}
