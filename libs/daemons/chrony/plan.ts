import { type Action, changedLines, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";

export interface ChronyDesired {
  readonly config: string;
  /** The drop-in of its unit, by path. */
  readonly unitFiles: FileSet;
}

export interface ChronyObserved {
  /** The text in force; undefined if there is none, or nobody knows (applyConfig). */
  readonly config: string | undefined;
  readonly unitFiles: FileSet;
  readonly running: boolean;
  readonly enabled: boolean;
}

export interface WriteChronyUnit extends Action {
  readonly kind: "write-unit";
  readonly file: FileAction;
}

export interface ConfigureChrony extends Action {
  readonly kind: "configure";
  readonly text: string;
}

export interface RunChrony extends Action {
  readonly kind: "start";
}

export type ChronyAction = WriteChronyUnit | ConfigureChrony | RunChrony;

export function planChrony({ config, unitFiles }: ChronyDesired, observed: ChronyObserved): readonly ChronyAction[] {
  const units = planFiles(unitFiles, observed.unitFiles).map(
    (file): WriteChronyUnit => ({ ...file, kind: "write-unit", file }),
  );
  if (observed.config !== config) {
    const change = observed.config === undefined ? "+" : "~";
    const summary = changedLines(observed.config ?? "", config);
    return [...units, { kind: "configure", change, subject: "chrony.conf", summary, text: config }];
  }
  if (observed.running && observed.enabled) return units;
  return [...units, { kind: "start", change: "+", subject: "chrony", summary: "start, and at every boot" }];
}
