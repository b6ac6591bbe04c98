import { type Action, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";

export interface UpgradesDesired {
  readonly files: FileSet;
}

export interface UpgradesObserved {
  readonly files: FileSet;
  /** The timer waits, at every boot too, and systemd knows its present text. */
  readonly scheduled: boolean;
}

export interface WriteUpgrades extends Action {
  readonly kind: "write-file";
  readonly file: FileAction;
}
export interface ScheduleUpgrades extends Action {
  readonly kind: "schedule";
}
export type UpgradesAction = WriteUpgrades | ScheduleUpgrades;

export function planUpgrades({ files }: UpgradesDesired, observed: UpgradesObserved): readonly UpgradesAction[] {
  const writes = planFiles(files, observed.files).map((file): WriteUpgrades => ({ ...file, kind: "write-file", file }));
  const units = writes.some(({ file }) => file.path.startsWith("/etc/systemd/") || file.path.endsWith(".timer"));
  if (observed.scheduled && !units) return writes;
  const summary = "wait for this host's turn, and at every boot";
  return [...writes, { kind: "schedule", change: observed.scheduled ? "~" : "+", subject: "zcloud-upgrades", summary }];
}
