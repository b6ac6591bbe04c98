import { type Action, type FileAction, type FileSet, planFiles } from "@zcloud/reconcile";
import { journalSize, renderJournald, settingsPath } from "./render.ts";
import type { Archive } from "./room.ts";

export interface JournaldDesired {
  /** Bytes of the host's disk. */
  readonly disk: number;
  /** Bytes of the journal; what is usual for such a disk, if absent. */
  readonly size?: number;
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
  /** What the journal's files take on the disk. */
  readonly bytes: number;
}

export interface JournaldObserved {
  readonly files: FileSet;
  readonly backlog: Backlog;
  /** Files whose lines all wait, and debug lines among them; the oldest first. Empty while half of the journal is sent. */
  readonly strippable: readonly Archive[];
  /** Room was made just now. */
  readonly made: boolean;
}

export interface MakeRoom extends Action {
  readonly kind: "make-room";
  readonly archives: readonly Archive[];
  /** Bytes of the journal at which there is room enough. */
  readonly until: number;
}

export type JournaldAction = FileAction | MakeRoom;

/** The sender writes its place down after so many lines (libs/daemons/rsyslog). */
const unwritten = 64;

/** Milliseconds by which znet's copy is behind. */
export function behind({ oldest, newest, sent }: Backlog): number {
  const from = sent ?? oldest;
  if (newest === undefined || from === undefined || newest.line - from.line <= unwritten) return 0;
  return Math.max(0, newest.at - from.at);
}

/** Whether more than half of the lines that the journal has wait to be sent. By lines, not by time: a flood is minutes of hours. */
export function pressed({ oldest, newest, sent }: Backlog): boolean {
  if (oldest === undefined || newest === undefined) return false;
  const waiting = newest.line - Math.max(sent?.line ?? 0, oldest.line);
  return waiting > unwritten && waiting > 0.5 * (newest.line - oldest.line);
}

/** Parts of the journal's size: where debug lines begin to make room, and how far they do. */
const [high, low] = [0.8, 0.6];

/**
 * Whether new debug lines are left out: a full journal of lines that wait has no old ones any more. journald would push
 * out its oldest lines of any level. Until nothing waits (a minute's worth).
 */
export function mustShed(backlog: Backlog, limit: number, shedding: boolean): boolean {
  return shedding ? behind(backlog) > 60_000 : isFull(backlog, limit);
}

function isFull(backlog: Backlog, limit: number): boolean {
  return pressed(backlog) && backlog.bytes > high * limit;
}

/** In a full journal of lines that wait the oldest debug lines go first; then new ones are not kept any more. */
export function planJournald(
  { disk, size }: JournaldDesired,
  { files, backlog, strippable, made }: JournaldObserved,
): readonly JournaldAction[] {
  const limit = size ?? journalSize(disk);
  const shedding = files.get(settingsPath)?.content.includes("MaxLevelStore=") === true;
  const strip = isFull(backlog, limit) && strippable.length > 0 && !made;
  const shed = mustShed(backlog, limit, shedding) && (shedding || !(strip || made));
  const settings = planFiles(new Map([[settingsPath, { content: renderJournald(limit, shed), mode: 0o644 }]]), files);
  if (!strip) return settings;
  const summary = `the oldest debug lines of ${strippable.length} files, which wait for znet, make room for others`;
  return [
    ...settings,
    { kind: "make-room", change: "-", subject: "journal", summary, archives: strippable, until: low * limit },
  ];
}
