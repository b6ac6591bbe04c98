import { diffLines } from "./line-diff.ts";
import type { Action } from "./reconciler.ts";

/** A file as it should be, or as it is. */
export interface FileSpec {
  readonly content: string;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
  /** `user` or `user:group`, by name: compared where it is given, root by default. In what is observed, `user:group`. */
  readonly owner?: string;
  /** Its content is never shown in a plan. */
  readonly secret?: boolean;
}

/** By absolute path. Also `undefined` entries in what is observed can be left out: a path that is not there does not exist. */
export type FileSet = ReadonlyMap<string, FileSpec>;

export interface WriteFile extends Action {
  readonly kind: "write-file";
  readonly path: string;
  readonly spec: FileSpec;
}

export interface RemoveFile extends Action {
  readonly kind: "remove-file";
  readonly path: string;
}

export type FileAction = WriteFile | RemoveFile;

/** What makes the observed files the desired ones: writes in the order of `desired`, then removals in order of path. */
export function planFiles(desired: FileSet, observed: FileSet): readonly FileAction[] {
  const subjects = subjectNames([...desired.keys(), ...observed.keys()]);
  const writes = [...desired].flatMap(([path, spec]) => writeOf(path, subjects(path), spec, observed.get(path)));
  const removals = [...observed.keys()].filter((path) => !desired.has(path)).sort();
  return [...writes, ...removals.map((path): RemoveFile => removalOf(path, subjects(path)))];
}

/** `3 lines`, `1 line`: how much of a text changes, for the summary of an action. */
export function changedLines(before: string, after: string): string {
  const { added, removed } = diffLines(before, after);
  return count(Math.max(added, removed));
}

function writeOf(path: string, subject: string, spec: FileSpec, observed: FileSpec | undefined): readonly WriteFile[] {
  const base = { kind: "write-file", subject, path, spec } as const;
  if (observed === undefined) {
    const { added, unified } = diffLines("", spec.content);
    return [{ ...base, change: "+", summary: count(added), ...detail(spec, unified) }];
  }
  if (observed.content === spec.content) {
    const changes = [modeChange(spec, observed), ownerChange(spec, observed)].filter((one) => one !== undefined);
    return changes.length === 0 ? [] : [{ ...base, change: "~", summary: changes.join(", ") }];
  }
  const { added, removed, unified } = diffLines(observed.content, spec.content);
  return [{ ...base, change: "~", summary: count(Math.max(added, removed)), ...detail(spec, unified) }];
}

function modeChange({ mode }: FileSpec, observed: FileSpec): string | undefined {
  return mode === observed.mode ? undefined : `mode ${octal(observed.mode)} -> ${octal(mode)}`;
}

/** Names, not numbers: with another image the same number may be another group's. A part that is not given, or a number, is not compared. */
function ownerChange({ owner }: FileSpec, observed: FileSpec): string | undefined {
  if (owner === undefined || observed.owner === undefined) return undefined;
  const is = observed.owner.split(":");
  const same = owner.split(":").every((part, i) => part === "" || /^\d+$/.test(part) || part === is[i]);
  return same ? undefined : `owner ${observed.owner} -> ${owner}`;
}

function removalOf(path: string, subject: string): RemoveFile {
  return { kind: "remove-file", change: "-", subject, summary: "no longer needed", path };
}

function detail(spec: FileSpec, unified: string): { detail?: string } {
  return spec.secret === true || unified === "" ? {} : { detail: unified };
}

/** Base names where they are unique, as people say them; whole paths where they are not. */
function subjectNames(paths: readonly string[]): (path: string) => string {
  const owners = new Map<string, Set<string>>();
  for (const path of paths) {
    const name = baseName(path);
    owners.set(name, (owners.get(name) ?? new Set()).add(path));
  }
  return (path) => ((owners.get(baseName(path))?.size ?? 0) > 1 ? path : baseName(path));
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const octal = (mode: number): string => mode.toString(8).padStart(4, "0");
const count = (lines: number): string => (lines === 1 ? "1 line" : `${lines} lines`);
