import { RuntimeApiError } from "./errors.ts";

/** A server as the running process has it. */
export interface RunningServer {
  readonly address: string;
  readonly port: number;
  /** Forced out of service, by us or by `disabled` in the file. */
  readonly maintenance: boolean;
  readonly draining: boolean;
  /** Requests under way. */
  readonly busy: number;
  /** HAProxy's words: `UP`, `DOWN`, `no check`, `MAINT`, `UP 1/2`, ... */
  readonly status: string;
}

/** Backend -> server name -> server. */
export type RunningServers = ReadonlyMap<string, ReadonlyMap<string, RunningServer>>;

const adminMaintenance = 0x01;
const adminDrain = 0x08;

/** `show info`: its `Name: value` lines. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf(": ");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 2).trim()] as const];
    }),
  );
}

/** `show backend`: names after a comment line. */
export function parseBackends(text: string): ReadonlySet<string> {
  return new Set(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")));
}

/** `show map FILE`: lines of an internal id, key and value. */
export function parseMap(text: string): ReadonlyMap<string, string> {
  if (text.startsWith("Unknown map")) throw new RuntimeApiError("RUNTIME_REFUSED", `show map: ${text}`);
  return new Map(
    text.split("\n").flatMap((line) => {
      const [, key, value] = /^\S+ (\S+) (.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** `show ssl crt-list FILE`: paths of certificates. */
export function parseCrtList(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => (line.startsWith("/") ? [line.split(" ")[0] ?? line] : []));
}

/** `show ssl cert FILE`: SHA-1 of the certificate, hex, upper case; undefined if it isn't loaded. */
export function parseFingerprint(text: string): string | undefined {
  return /^SHA1 FingerPrint: ([0-9A-F]+)$/m.exec(text)?.[1];
}

/** Backends of slots; others (the link) have servers that the file alone decides. */
const slotBackend = /^[el]\d+$/;

/** Slots' servers: `show servers state` (management guide, 9.3) joined with `show stat -1 4 -1`. Columns go by name. */
export function parseServers(state: string, stat: string): RunningServers {
  const live = new Map(table(stat, ",").map((row) => [`${row.get("pxname")}/${row.get("svname")}`, row]));
  const servers = new Map<string, Map<string, RunningServer>>();
  for (const row of table(state.replace(/^1\n/, ""), " ")) {
    const backend = row.get("be_name") ?? "";
    if (!slotBackend.test(backend)) continue;
    const name = row.get("srv_name") ?? "";
    const admin = Number(row.get("srv_admin_state"));
    const stats = live.get(`${backend}/${name}`);
    const count = (column: string): number => Number(stats?.get(column) ?? 0);
    const group = servers.get(backend) ?? new Map<string, RunningServer>();
    servers.set(backend, group);
    group.set(name, {
      address: row.get("srv_addr") ?? "",
      port: Number(row.get("srv_port")),
      maintenance: (admin & adminMaintenance) !== 0,
      draining: (admin & adminDrain) !== 0,
      busy: Math.max(count("scur"), count("qcur"), count("used_conn_cur")),
      status: stats?.get("status") ?? "unknown",
    });
  }
  return servers;
}

function table(text: string, separator: string): readonly ReadonlyMap<string, string>[] {
  const [header = "", ...lines] = text.split("\n");
  const columns = header.replace(/^# /, "").split(separator);
  return lines.flatMap((line) => {
    if (line === "" || line.startsWith("#")) return [];
    const cells = line.split(separator);
    return [new Map(columns.map((column, index) => [column, cells[index] ?? ""]))];
  });
}
