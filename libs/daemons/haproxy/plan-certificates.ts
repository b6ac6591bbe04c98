import type { FrontAction } from "./actions.ts";
import { type DiskCertificate, installSteps, type LoadedCertificates, removeSteps } from "./certificates.ts";
import { driftOf } from "./drift.ts";
import type { FrontSettings } from "./settings.ts";

/**
 * Plans what HAProxy lacks of the certificates on disk. A certificate that it had at the plan before and that is no
 * other on disk since is drift.
 */
export function certificatePlanner() {
  /** Of the plan before: fingerprints by path where disk and process agreed. */
  let clean: ReadonlyMap<string, string> = new Map();
  let listed: LoadedCertificates["list"] = new Map();
  let process: string | undefined;

  return (
    { paths }: FrontSettings,
    disk: readonly DiskCertificate[],
    list: LoadedCertificates["list"],
    fingerprints: LoadedCertificates["fingerprints"],
    of: string,
  ): readonly FrontAction[] => {
    const before = of === process ? clean : new Map<string, string>();
    const wanted = new Map(disk.map(({ path, fingerprint }) => [path, fingerprint]));
    const now = new Map(wanted);
    const lacking = disk.filter(({ path, fingerprint }) => fingerprints.get(path) !== fingerprint || !list.has(path));
    const installs = lacking.flatMap((certificate): FrontAction[] => {
      const { name, path, notAfter, fingerprint } = certificate;
      const steps = installSteps(certificate, { list, fingerprints }, paths.crtList);
      if (steps.length === 0) return [];
      now.delete(path);
      const summary = `certificate until ${new Date(notAfter).toISOString().slice(0, 10)}`;
      const drift = before.get(path) === fingerprint ? { drift: driftOf(steps) } : {};
      return [
        { kind: "certificate", change: list.has(path) ? "~" : "+", subject: name, summary, path, steps, ...drift },
      ];
    });
    const foreign = [...list.keys()].filter((path) => !wanted.has(path));
    const removals = foreign.map((path): FrontAction => {
      const subject = path.slice(path.lastIndexOf("/") + 1).replace(/\.pem$/, "");
      const steps = removeSteps(path, paths.crtList);
      const drift = of === process && !listed.has(path) ? { drift: driftOf(steps) } : {};
      return {
        kind: "certificate",
        change: "-",
        subject,
        summary: "certificate is gone from disk",
        path,
        steps,
        ...drift,
      };
    });
    clean = now;
    listed = list;
    process = of;
    return [...installs, ...removals];
  };
}
