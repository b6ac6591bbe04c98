import type { ZMap } from "@zcloud/map";
import { type Action, changedLines, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { type Records, record, renderNames } from "./records.ts";
import { identityOf, type Places, reloadable, renderDropIn, renderUnbound } from "./render.ts";

export interface UnboundDesired {
  readonly map: ZMap;
  readonly site: string;
  /** What it answers by itself besides the hosts; see publicRecords and zoneRecords. */
  readonly records: Records;
}

export interface UnboundObserved {
  /** Configuration, names and unit drop-in, as far as they are there. */
  readonly files: FileSet;
  /** Identity of the configuration that the running server has; undefined when none answers. */
  readonly running: string | undefined;
  readonly enabled: boolean;
  /** What the running server answers by itself, but for what the configuration gives it. */
  readonly records: Records;
}

export interface WriteFiles extends Action {
  readonly kind: "write-unit" | "write-names";
  readonly files: readonly FileAction[];
}

/** How a server gets to its configuration: addresses and ports are taken at start only. */
export type Activation = "start" | "restart" | "reload";

export interface Configure extends Action {
  readonly kind: "configure";
  readonly content: string;
  readonly activation: Activation;
}

export interface Run extends Action {
  readonly kind: Activation;
}

export interface SetRecord extends Action {
  readonly kind: "set-record";
  /** Whether there is another answer to be taken away first. */
  readonly replace: boolean;
  /** All that the name has, as `local_data` takes it. */
  readonly records: readonly string[];
}

export interface RemoveRecord extends Action {
  readonly kind: "remove-record";
}

export type UnboundAction = WriteFiles | Configure | Run | SetRecord | RemoveRecord;

/**
 * Disk first: unit, names, configuration. A server that starts or reloads then has everything; one that runs on is told
 * the differences. A failed file stops the pass, so the server never knows more than its files.
 */
export function planUnbound(
  { map, site, records }: UnboundDesired,
  observed: UnboundObserved,
  places: Places,
): readonly UnboundAction[] {
  const only = (path: string) => new Map([...observed.files].filter(([one]) => one === path));
  const plan = (path: string, content: string) => planFiles(new Map([[path, { content, mode: 0o644 }]]), only(path));
  const unit = plan(places.unit, renderDropIn());
  const names = plan(places.names, renderNames(records));
  const content = renderUnbound(map, site, places);
  const [config] = plan(places.config, content);
  const activation = activationOf(observed, identityOf(content) ?? "");
  const { size } = records;
  return [
    ...unit.map((action): WriteFiles => ({ ...action, kind: "write-unit", files: [action] })),
    ...names.map((action): WriteFiles => {
      const { detail: _, ...line } = action;
      return { ...line, kind: "write-names", summary: size === 1 ? "1 name" : `${size} names`, files: [action] };
    }),
    ...(config !== undefined
      ? [configure(config, content, activation ?? "reload", only(places.config).get(places.config)?.content)]
      : activation !== undefined
        ? [run(activation)]
        : planRecords(records, observed.records)),
  ];
}

function activationOf({ running, enabled }: UnboundObserved, identity: string): Activation | undefined {
  if (running === undefined || !enabled) return "start";
  if (running === identity) return undefined;
  return reloadable(running, identity) ? "reload" : "restart";
}

function configure(action: FileAction, content: string, activation: Activation, before = ""): Configure {
  const { change, subject, detail } = action;
  const summary = changedLines(before, content);
  return {
    ...{ kind: "configure", change, subject, summary, content, activation },
    ...(detail === undefined ? {} : { detail }),
  };
}

function run(kind: Activation): Run {
  const summary = kind === "start" ? "start, and at every boot" : "use its configuration";
  return { kind, change: kind === "start" ? "+" : "~", subject: "unbound", summary };
}

/** What the running server has to be told. */
export function planRecords(wanted: Records, present: Records): readonly (SetRecord | RemoveRecord)[] {
  // Thousands of names, of which one is new: nothing is made of the others.
  const sets: [string, readonly string[]][] = [];
  for (const [name, all] of wanted) if (!sameList(all, present.get(name))) sets.push([name, all]);
  const removals: string[] = [];
  for (const name of present.keys()) if (!wanted.has(name)) removals.push(name);
  return [
    ...sets.map(([name, all]): SetRecord => {
      const before = present.get(name);
      // What is only added needs no moment without an answer.
      const replace = before?.some((one) => !all.includes(one)) ?? false;
      const change = before === undefined ? "+" : "~";
      const records = all.map((one) => record(name, one));
      return { kind: "set-record", change, subject: name, summary: `-> ${summaryOf(all)}`, replace, records };
    }),
    ...removals.sort().map((name): RemoveRecord => {
      return { kind: "remove-record", change: "-", subject: name, summary: "no endpoint has this name" };
    }),
  ];
}

function sameList(one: readonly string[], other: readonly string[] | undefined): boolean {
  if (one.length !== other?.length) return false;
  for (let index = 0; index < one.length; index += 1) if (one[index] !== other[index]) return false;
  return true;
}

/** `10.64.1.3`, or `SRV 0 0 40001 zpod1.north.zcloud.internal. and 2 more`. */
function summaryOf([first = "", ...more]: readonly string[]): string {
  return `${first.replace(/^A /, "")}${more.length === 0 ? "" : ` and ${more.length} more`}`;
}
