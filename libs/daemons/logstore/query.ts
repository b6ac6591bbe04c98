import * as z from "zod";
import { dayOf, inOrder, type Kind, type LogFile } from "./files.ts";

const levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;

/** What somebody wants of a site's log; as it comes in a URL. */
export const LogQuery = z.strictObject({
  /** Of this host, by its name within the site. */
  host: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,30}$/)
    .optional(),
  /** `journal` by default. */
  kind: z.enum(["journal", "access"]).default("journal"),
  /** Of a stack (`demo/hello`) or one service of it (`demo/hello/web`), or of all of a tenant's (`demo`). */
  service: z
    .string()
    .regex(/^[a-z0-9-]+(\/[a-z0-9_.-]+){0,2}$/i)
    .optional(),
  /** Of a unit: `haproxy` or `haproxy.service`. */
  unit: z.string().min(1).max(200).optional(),
  /** This level and those above it. */
  level: z.enum(levels).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  /** Text that a line's text has in it, as it is. */
  grep: z.string().min(1).max(1_000).optional(),
  /** The newest so many. */
  limit: z.coerce.number().int().min(1).max(100_000).optional(),
  /** Goes on with what comes. */
  follow: z.enum(["true", "false"]).default("false"),
});
export type LogQuery = z.infer<typeof LogQuery>;

/** A line as readers get it: where it came from, and what was stored. */
export interface LogLine {
  readonly host: string;
  readonly kind: Kind;
  /** The stored JSON object, or `{ msg }` where it was none. */
  readonly line: Readonly<Record<string, unknown>>;
}

/** Lines of one host's journal or access log, which come in order of time but for what waited. */
export interface Source {
  readonly host: string;
  readonly kind: Kind;
  /** In order of days. */
  readonly files: readonly LogFile[];
}

/** The files that can have an answer. A line is never received before it was said, but long after it may be. */
export function sourcesOf(files: readonly LogFile[], query: LogQuery): readonly Source[] {
  const first = query.since === undefined ? "" : dayOf(Date.parse(query.since) - 86_400_000);
  const wanted = inOrder(files).filter(({ host, kind, day }) => {
    return (query.host ?? host) === host && kind === query.kind && day >= first;
  });
  const hosts = [...new Set(wanted.map(({ host }) => host))];
  return hosts.map((host) => ({ host, kind: query.kind, files: wanted.filter((file) => file.host === host) }));
}

/** Texts one of which stands in the stored form of every line that has `text` in it; undefined: there is no such certainty. */
export function storedForms(text: string): readonly string[] | undefined {
  // What rsyslog or HAProxy may write in more than one way.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones
  if (/[\u0000-\u001f\u007f-\uffff#]/.test(text)) return undefined;
  const json = JSON.stringify(text).slice(1, -1);
  return [...new Set([json, json.replaceAll("/", "\\/"), text])];
}

/** Asks for the newest lines and nothing else, so that only they are read. */
export function isPlain({ limit, grep, service, unit, level, since, until }: LogQuery): boolean {
  return limit !== undefined && [grep, service, unit, level, since, until].every((one) => one === undefined);
}

/**
 * The command that writes the lines of these files that may be an answer, the oldest first.
 * @param ends bytes of files that are read up to there only
 */
export function readCommand(
  files: readonly LogFile[],
  query: LogQuery,
  ends: ReadonlyMap<string, number> = new Map(),
): readonly string[] {
  const forms = [query.grep, query.service].flatMap((text) => (text === undefined ? [] : [storedForms(text)]));
  const filters = forms.flatMap((texts) =>
    texts === undefined ? [] : [` | LC_ALL=C grep -aF ${texts.map((text) => `-e ${quote(text)}`).join(" ")}`],
  );
  const newest = isPlain(query) ? ` | tail -n ${query.limit}` : "";
  // The newest lines of two days are enough: there are some of every host every day.
  const read = (newest === "" ? files : files.slice(-2)).map(({ path, compressed }) => {
    const end = ends.get(path);
    if (compressed) return `gzip -dcq ${quote(path)}`;
    return end === undefined ? `cat ${quote(path)}` : `head -c ${end} ${quote(path)}`;
  });
  // A file may be compressed or removed meanwhile.
  const script = `{ ${read.map((one) => `${one} 2>/dev/null; `).join("")}}${filters.join("")}${newest}`;
  return ["nice", "-n", "10", "sh", "-c", script];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whether a line is an answer, but for its time. */
export function matcher(query: LogQuery): (line: LogLine) => boolean {
  const atLeast = query.level === undefined ? undefined : levels.indexOf(query.level);
  const { service, grep } = query;
  const unit = query.unit === undefined ? undefined : [query.unit, `${query.unit}.service`];
  return ({ kind, line }) => {
    const of = String((kind === "access" ? line["endpoint"] : line["service"]) ?? "");
    if (service !== undefined && of !== service && !of.startsWith(`${service}/`)) return false;
    if (unit !== undefined && !unit.includes(String(line["unit"] ?? "")) && !unit.includes(String(line["tag"] ?? "")))
      return false;
    if (atLeast !== undefined) {
      const level = (levels as readonly unknown[]).indexOf(line["level"]);
      if (level === -1 || level > atLeast) return false;
    }
    if (grep === undefined) return true;
    return kind === "access"
      ? JSON.stringify(line).includes(grep) || has(line, grep)
      : String(line["msg"] ?? "").includes(grep);
  };
}

function has(line: Readonly<Record<string, unknown>>, text: string): boolean {
  return Object.values(line).some((value) => String(value).includes(text));
}
