import type { Action } from "@zcloud/reconcile";
import { dayOf, inOrder, type LogFile } from "./files.ts";

export interface KeepDesired {
  /** Seconds. */
  readonly keep: number;
  /** Bytes. */
  readonly atMost: number;
}

export interface KeptFile extends LogFile {
  readonly bytes: number;
  /** When it was last written, milliseconds since the epoch. */
  readonly written: number;
}

export interface KeepObserved {
  readonly now: number;
  readonly files: readonly KeptFile[];
  /** Bytes of the disk that the log is on. */
  readonly disk: { readonly size: number; readonly free: number };
}

export interface FileAction extends Action {
  readonly kind: "compress" | "remove";
  readonly path: string;
}

/** A day that has passed is compressed when nothing was written to it for so long, milliseconds. */
const settled = 10 * 60_000;
/** Part of the disk that the log leaves free. */
const leftFree = 0.1;

/** What is too old goes; then the oldest days, until the log is within its bounds and the disk has room. Today's files stay. */
export function planKeep({ keep, atMost }: KeepDesired, { now, files, disk }: KeepObserved): readonly FileAction[] {
  const today = dayOf(now);
  const first = dayOf(now - keep * 1_000);
  const chosen = new Set(inOrder(files));
  const past = files
    .filter(({ day }) => day < today)
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : b.bytes - a.bytes));
  const removals = new Map<KeptFile, string>();
  for (const file of past) {
    if (!chosen.has(file)) removals.set(file, "its compression was cut short");
    else if (file.day < first) removals.set(file, `older than ${Math.round(keep / 86_400)} d`);
  }
  const left = () => files.filter((file) => !removals.has(file));
  const bytes = (some: readonly KeptFile[]): number => some.reduce((sum, file) => sum + file.bytes, 0);
  const freed = () => bytes(files) - bytes(left());
  for (const file of past) {
    if (removals.has(file)) continue;
    if (bytes(left()) > atMost) removals.set(file, `the log is larger than ${gigabytes(atMost)}`);
    else if (disk.free + freed() < leftFree * disk.size) removals.set(file, "the disk is nearly full");
    else break;
  }
  const compressions = past.filter((file) => !file.compressed && !removals.has(file) && now - file.written > settled);
  return [
    ...[...removals].map(([file, why]) => action("remove", file, why)),
    ...compressions.map((file) => action("compress", file, gigabytes(file.bytes))),
  ];
}

/** What keeping within the bounds can't mend. */
export function overfull({ atMost }: KeepDesired, { now, files, disk }: KeepObserved): string | undefined {
  const today = files.filter(({ day }) => day >= dayOf(now));
  const bytes = today.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length > today.length || (bytes <= atMost && disk.free >= leftFree * disk.size)) return undefined;
  const largest = [...today].sort((a, b) => b.bytes - a.bytes)[0];
  if (largest === undefined) return "the disk of the site's log is nearly full, and not with the log";
  return `today's log alone is ${gigabytes(bytes)}, most of it from ${largest.host}, and its disk has ${gigabytes(disk.free)} free; there is no older day to remove`;
}

function action(kind: FileAction["kind"], { host, path }: KeptFile, summary: string): FileAction {
  const subject = `${host}/${path.slice(path.lastIndexOf("/") + 1)}`;
  return { kind, change: kind === "remove" ? "-" : "~", subject, summary, path };
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
