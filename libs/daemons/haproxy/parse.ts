import { type MapBuilder, sharing } from "./shared-map.ts";

/** A server as the running process has it. */
export interface RunningServer {
  readonly address: string;
  readonly port: number;
  /** Forced out of service, by us or by `disabled` in the file. */
  readonly maintenance: boolean;
  readonly draining: boolean;
  /** Requests under way; only known of servers in maintenance, 0 for others. */
  readonly busy: number;
  /** `UP`, `DOWN`, `DRAIN`, `MAINT`. */
  readonly status: string;
}

/** Backend -> server name -> server. */
export type RunningServers = ReadonlyMap<string, ReadonlyMap<string, RunningServer>>;

/** Takes an answer in pieces that end with whole lines: none of them is kept. */
export interface Reading<T> {
  read(lines: string): void;
  end(): T;
}

/** `show info`: its `Name: value` lines. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf(": ");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 2).trim()] as const];
    }),
  );
}

/** `show map FILE`: lines of an internal id, key and value. `before`: what the look before found. */
export function mapReading(before: ReadonlyMap<string, string>): Reading<ReadonlyMap<string, string>> {
  const found = sharing(before);
  return {
    read(lines) {
      // "Unknown map identifier": a process of another version, which gets it by a reload. Nothing matches.
      eachMatch(/^0x\S+ (\S+) (.*)$/gm, lines, (match) => found.set(match[1] ?? "", match[2] ?? ""));
    },
    end: found.end,
  };
}

/** `show ssl crt-list FILE` and `show ssl cert`: paths of certificates below a directory, each once. */
export function pathReading(before: ReadonlyMap<string, true>): Reading<ReadonlyMap<string, true>> {
  const found = sharing(before);
  return {
    read: (lines) => eachMatch(/^\/\S+/gm, lines, (match) => found.set(match[0], true)),
    end: found.end,
  };
}

/** `show ssl cert FILE`: SHA-1 of the certificate, hex, upper case; undefined if it isn't loaded. */
export function parseFingerprint(text: string): string | undefined {
  return /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(text)?.[1];
}

/** Requests under way, of `show stat BACKEND 4 -1`: server -> how many. Columns go by name. */
export function parseBusy(text: string): ReadonlyMap<string, number> {
  const [header = "", ...lines] = text.split("\n");
  const columns = header.replace(/^# /, "").split(",");
  const at = ["scur", "qcur", "used_conn_cur"].map((name) => columns.indexOf(name));
  const server = columns.indexOf("svname");
  return new Map(
    lines.flatMap((line) => {
      const cells = line.split(",");
      return line === "" ? [] : [[cells[server] ?? "", Math.max(...at.map((cell) => Number(cells[cell] ?? 0)))]];
    }),
  );
}

/** Bits of srv_admin_state (HAProxy, server-t.h): forced, inherited, by failed resolution. */
const inMaintenance = 0x01 | 0x02 | 0x20;
const forcedMaintenance = 0x01;
const forcedDrain = 0x08;
const inDrain = 0x08 | 0x10;
/** Of srv_op_state: stopped. */
const stopped = "0";

/** Columns of `show servers state` (management guide, 9.3) that count, in the order in which they are read. */
const wanted = ["be_name", "srv_name", "srv_addr", "srv_op_state", "srv_admin_state", "srv_port"] as const;
/** Backends of slots; others (the link) have servers that the file alone decides. */
const slotBackend = "[el]\\d+";

export interface ServersRead {
  readonly servers: RunningServers;
  /** Backends with a server in maintenance. */
  readonly resting: ReadonlySet<string>;
}

/** `show servers state`: the servers of slots. Columns go by name. A server that is as before is the very same object. */
export function serverReading(before: RunningServers): Reading<ServersRead> {
  const backends = sharing(before);
  const resting = new Set<string>();
  let row: RegExp | undefined;
  let current = "";
  let known: ReadonlyMap<string, RunningServer> = new Map();
  let servers: MapBuilder<RunningServer> | undefined;

  function close(): void {
    if (servers !== undefined) backends.set(current, servers.end());
  }

  // By index: destructuring an array costs as much as all the rest, 40,000 times a look.
  function take(match: RegExpExecArray): void {
    const backend = match[1] ?? "";
    const name = match[2] ?? "";
    const address = match[3] ?? "";
    const port = Number(match[6]);
    if (backend !== current) {
      close();
      current = backend;
      known = before.get(backend) ?? new Map();
      servers = sharing(known);
    }
    const was = known.get(name);
    const bits = Number(match[5]);
    const status =
      bits & inMaintenance ? "MAINT" : bits & inDrain ? "DRAIN" : match[4] === stopped ? "DOWN" : ("UP" as const);
    const maintenance = (bits & forcedMaintenance) !== 0;
    const draining = (bits & forcedDrain) !== 0;
    if (maintenance) resting.add(backend);
    const same =
      was !== undefined &&
      was.status === status &&
      was.address === address &&
      was.port === port &&
      was.maintenance === maintenance &&
      was.draining === draining;
    const now = same ? was : { address: own(address), port, maintenance, draining, busy: 0, status };
    servers?.set(was === undefined ? own(name) : name, now);
  }

  return {
    read(lines) {
      row ??= rowPattern(/^# (be_id .*)$/m.exec(lines)?.[1]);
      if (row !== undefined) eachMatch(row, lines, take);
    },
    end() {
      close();
      servers = undefined;
      return { servers: backends.end(), resting };
    },
  };
}

function rowPattern(header: string | undefined): RegExp | undefined {
  if (header === undefined) return undefined;
  const columns = header.trim().split(" ");
  const last = Math.max(...wanted.map((name) => columns.indexOf(name)));
  const cells = columns.slice(0, last + 1).map((column) => {
    if (column === "be_name") return `(${slotBackend})`;
    return wanted.some((name) => name === column) ? "(\\S+)" : "\\S+";
  });
  return new RegExp(`^${cells.join(" ")}(?= |$)`, "gm");
}

/** A part of a text keeps the whole text alive; a copy does not. */
function own(part: string): string {
  return JSON.parse(JSON.stringify(part)) as string;
}

function eachMatch(pattern: RegExp, text: string, take: (match: RegExpExecArray) => void): void {
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) take(match);
}
