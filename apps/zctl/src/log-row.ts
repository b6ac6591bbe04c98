import * as z from "zod";
import { type Colour, printable } from "./screen.ts";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String).nullish();

/** A line of a site's log, as far as a screen shows it; anything may be missing. */
export const LogRecord = z.looseObject({
  host: z.string(),
  kind: z.enum(["journal", "access"]),
  at: text,
  level: text,
  tag: text,
  pid: text,
  service: text,
  msg: text,
  client: text,
  method: text,
  name: text,
  path: text,
  status: text,
  total_ms: text,
  served_by: text,
  endpoint: text,
  port: text,
});
export type LogRecord = z.infer<typeof LogRecord>;

const colours: Readonly<Record<string, Colour>> = {
  ...{ emerg: "red", alert: "red", crit: "red", err: "red", warning: "yellow", debug: "dim" },
};

/** One line of a screen; nothing in it steers the terminal. */
export function logRow(record: LogRecord, paint: (colour: Colour, words: string) => string): string {
  const at = record.at?.slice(0, 19).replace("T", " ") ?? "-".padEnd(19);
  const before = one(`${at}  ${record.host.padEnd(13)}  `);
  if (record.kind === "access") return before + access(record, paint);
  const who = record.service || `${record.tag ?? ""}${record.pid ? `[${record.pid}]` : ""}`;
  const { words, level } = unwrapped(record.msg ?? "", record.level ?? "");
  const said = one(words);
  const colour = colours[level];
  return `${before}${one(who)}: ${colour === undefined ? said : paint(colour, said)}`;
}

/** Our own services write JSON (pino): its message first, then what it carries. */
function unwrapped(msg: string, level: string): { readonly words: string; readonly level: string } {
  if (!msg.startsWith('{"level":')) return { words: msg, level };
  const parsed = Wrapped.safeParse(json(msg));
  if (!parsed.success) return { words: msg, level };
  const { level: own, time: _, name: __, msg: words, ...rest } = parsed.data;
  const carried = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return { words: [words, ...carried].join(" "), level: { fatal: "crit", error: "err", warn: "warning" }[own] ?? own };
}

const Wrapped = z.looseObject({ level: z.string(), time: z.unknown(), name: z.unknown(), msg: z.string() });

function json(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch {
    return undefined;
  }
}

function access(record: LogRecord, paint: (colour: Colour, words: string) => string): string {
  const status = record.status ?? "";
  const asked = record.method
    ? `${record.method} ${record.name ?? ""}${record.path ?? ""}`
    : `port ${record.port ?? ""}`;
  const by = record.served_by ? `by ${record.served_by}` : "by nobody";
  const rest = `  ${record.client ?? ""}  ${asked}  ${record.total_ms ?? ""} ms ${by}  ${record.endpoint ?? ""}`;
  const painted = /^5/.test(status) ? paint("red", one(status)) : one(status.padEnd(3));
  return (painted + one(rest)).trimEnd();
}

function one(words: string): string {
  return printable(words).replaceAll(/[\n\t]/g, " ");
}
