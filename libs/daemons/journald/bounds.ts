import { applyFile, commandSaid, type Host, observeFiles } from "@zcloud/host";
import { type FileAction, type FileSet, planFiles, type Reconciler } from "@zcloud/reconcile";
import { journalSize, renderJournald, settingsPath } from "./render.ts";

/** Bytes of the disk of a machine of which the map says nothing. */
const unknownDisk = 10 * 2 ** 30;

/** Keeps the bounds of the journal of a host that sends it nowhere (a zcloud). */
export function createJournalBounds(host: Host): Reconciler<FileSet, FileSet, FileAction> {
  return {
    name: "journald",
    observe: () => observeFiles(host, [settingsPath]),
    plan: planFiles,
    async apply(action, signal) {
      await applyFile(host, action);
      const result = await host.run(["systemctl", "restart", "systemd-journald.service"], { signal });
      if (result.status !== 0) throw new Error(`restart systemd-journald: ${commandSaid(result)}`);
    },
  };
}

/** @param disk bytes; 0: nobody knows */
export function desiredJournalBounds(disk: number): FileSet {
  const bytes = journalSize(disk === 0 ? unknownDisk : disk);
  return new Map([[settingsPath, { content: renderJournald(bytes, false), mode: 0o644 }]]);
}
