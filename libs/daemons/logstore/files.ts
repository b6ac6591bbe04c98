/** What a line came from: a host's journal, or the access log of a front. */
export type Kind = "journal" | "access";

/** One file of the site's log. */
export interface LogFile {
  /** Name of the host within its site. */
  readonly host: string;
  readonly kind: Kind;
  /** Day of receipt, UTC: `2026-11-23`. */
  readonly day: string;
  readonly compressed: boolean;
  readonly path: string;
}

/** What a name in a host's directory says; undefined: it is no file of the log. */
export function logFile(store: string, host: string, name: string): LogFile | undefined {
  const [, access, day = "", gz] = /^(access-)?(\d{4}-\d\d-\d\d)\.jsonl(\.gz)?$/.exec(name) ?? [];
  if (day === "") return undefined;
  const kind = access === undefined ? "journal" : "access";
  return { host, kind, day, compressed: gz !== undefined, path: `${store}/${host}/${name}` };
}

/** In order of days. Of a day that is there twice (its compression was cut short) the uncompressed one. */
export function inOrder(files: readonly LogFile[]): readonly LogFile[] {
  const days = new Map<string, LogFile>();
  for (const file of files) {
    const key = `${file.day} ${file.host} ${file.kind}`;
    if (days.get(key)?.compressed !== false) days.set(key, file);
  }
  return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
}

export function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
