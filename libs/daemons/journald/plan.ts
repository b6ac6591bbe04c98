import { type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { journalSize, renderJournald, settingsPath } from "./render.ts";

export interface JournaldDesired {
  /** Bytes of the host's disk. */
  readonly disk: number;
}

/** A place in the journal. */
export interface Place {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Grows by one with each line. */
  readonly line: number;
}

/** How far the journal was sent to znet; undefined: there is no such place. */
export interface Backlog {
  readonly oldest: Place | undefined;
  readonly newest: Place | undefined;
  /** Up to here, as far as the sender wrote it down: it does so every 64 lines. */
  readonly sent: Place | undefined;
  /** Bytes of the journal's files. */
  readonly bytes: number;
}

export interface JournaldObserved {
  readonly files: FileSet;
  readonly backlog: Backlog;
}

/** The sender writes its place down after so many lines (libs/daemons/rsyslog). */
const unwritten = 64;

/** Milliseconds by which znet's copy is behind. */
export function behind({ oldest, newest, sent }: Backlog): number {
  const from = sent ?? oldest;
  if (newest === undefined || from === undefined || newest.line - from.line <= unwritten) return 0;
  return Math.max(0, newest.at - from.at);
}

/**
 * Whether debug lines must make room: journald pushes out its oldest lines of any level, so they are left out from when
 * half of a full journal waits to be sent, until nothing waits (a minute's worth).
 */
export function mustShed(backlog: Backlog, limit: number, shedding: boolean): boolean {
  const { oldest, newest, bytes } = backlog;
  const waiting = behind(backlog);
  if (shedding) return waiting > 60_000;
  if (oldest === undefined || newest === undefined || waiting === 0) return false;
  return bytes > 0.8 * limit && waiting > 0.5 * (newest.at - oldest.at);
}

export function planJournald({ disk }: JournaldDesired, { files, backlog }: JournaldObserved): readonly FileAction[] {
  const limit = journalSize(disk);
  const shedding = files.get(settingsPath)?.content.includes("MaxLevelStore=") === true;
  const content = renderJournald(limit, mustShed(backlog, limit, shedding));
  return planFiles(new Map([[settingsPath, { content, mode: 0o644 }]]), files);
}
