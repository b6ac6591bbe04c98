import { type Action, changedLines, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";

/** One of Debian's daemons of Prometheus as it should be. */
export interface MonitorDesired {
  /** False: not needed here, neither now nor at boot. */
  readonly on: boolean;
  /** The drop-in of its unit, by path. */
  readonly unitFiles: FileSet;
  /** What the configuration names. A name is never given to another content while the configuration says it, secrets excepted. */
  readonly aside: FileSet;
  /** Undefined: it has none. */
  readonly config: string | undefined;
}

export interface MonitorObserved {
  /** The text in force; undefined if there is none, or nobody knows (applyConfig). */
  readonly config: string | undefined;
  readonly unitFiles: FileSet;
  readonly aside: FileSet;
  /** It answers that it does its work. */
  readonly running: boolean;
  readonly enabled: boolean;
}

export interface WriteMonitorUnit extends Action {
  readonly kind: "write-unit";
  readonly file: FileAction;
}

export interface WriteAside extends Action {
  readonly kind: "write-aside" | "remove-aside";
  readonly file: FileAction;
}

export interface ConfigureMonitor extends Action {
  readonly kind: "configure";
  readonly text: string;
  /** Its unit is another now, so that a reload would not do. */
  readonly restart: boolean;
}

export interface RunMonitor extends Action {
  readonly kind: "start" | "restart" | "stop";
}

export type MonitorAction = WriteMonitorUnit | WriteAside | ConfigureMonitor | RunMonitor;

/** Unit, then what the configuration names, then the configuration; what it no longer names goes when it is in force. */
export function planMonitor(
  name: string,
  { on, unitFiles, aside, config }: MonitorDesired,
  observed: MonitorObserved,
): readonly MonitorAction[] {
  if (!on) {
    if (!observed.running && !observed.enabled) return [];
    return [{ kind: "stop", change: "-", subject: name, summary: "not needed here" }];
  }
  const units = planFiles(unitFiles, observed.unitFiles).map(
    (file): WriteMonitorUnit => ({ ...file, kind: "write-unit", file }),
  );
  const files = planFiles(aside, observed.aside);
  const writes = files.filter(({ kind }) => kind === "write-file");
  const removals = files.filter(({ kind }) => kind === "remove-file");
  return [
    ...units,
    ...writes.map((file): WriteAside => ({ ...file, kind: "write-aside", file })),
    ...run(),
    ...removals.map((file): WriteAside => ({ ...file, kind: "remove-aside", file })),
  ];

  function run(): readonly (ConfigureMonitor | RunMonitor)[] {
    if (config !== undefined && observed.config !== config) {
      const change = observed.config === undefined ? "+" : "~";
      const summary = changedLines(observed.config ?? "", config);
      const subject = `${name}.yml`;
      return [{ kind: "configure", change, subject, summary, text: config, restart: units.length > 0 }];
    }
    if (!observed.running || !observed.enabled)
      return [{ kind: "start", change: "+", subject: name, summary: "start, and at every boot" }];
    return units.length === 0 ? [] : [{ kind: "restart", change: "~", subject: name, summary: "use its unit" }];
  }
}
