import { mergeByTime, type Timed } from "@zcloud/daemons/logstore";
import { shellCommand } from "@zcloud/host";
import { allHosts, type HostEntry, hostsOf, tenantOf, type ZMap } from "@zcloud/map";
import * as z from "zod";
import { whyUnreachable } from "../agents.ts";
import { sshCommand } from "../connect.ts";
import { type Exit, ZctlError } from "../exit.ts";
import { siteNamed } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { LogRecord, logRow } from "../log-row.ts";
import { exitOf, missing, type Part } from "../parallel.ts";
import { command } from "../spec.ts";
import { parseSince } from "./events.ts";

const Options = z.strictObject({
  site: z.string().optional(),
  access: z.boolean().default(false),
  unit: z.string().optional(),
  level: z.string().optional(),
  since: z.string().optional(),
  until: z.string().optional(),
  grep: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100_000).optional(),
  follow: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

interface Received extends Timed {
  readonly text: string;
}

export const logs = command(Options, {
  name: "logs",
  summary: "what hosts and containers said, at both sites, in order of time",
  about:
    "Reads the sites' logs on their znets. Of a host (north/zpod1, or zpod1 for both sites'), a tenant (demo), a stack (demo/hello) or one\n" +
    "service of it (demo/hello/web), or of everybody. Without --since the last 100 lines.",
  arguments: [{ name: "[what]", about: "a host, or a tenant, stack or service", words: "hosts" }],
  options: [
    { flags: "-f, --follow", about: "go on with what comes" },
    { flags: "--since <when>", about: "how far back: 30m, 2h, 7d, or a time as 2026-11-22T14:00:00Z" },
    { flags: "--until <when>", about: "not later than this" },
    { flags: "--grep <text>", about: "lines that have this text in them, as it is" },
    { flags: "--unit <name>", about: "of a systemd unit: haproxy" },
    {
      flags: "--level <name>",
      about: "of this level and above",
      words: ["err", "warning", "notice", "info", "debug"],
    },
    { flags: "--access", about: "requests at the fronts instead" },
    { flags: "--site <name>", about: "of one site only", words: "sites" },
    { flags: "--limit <n>", about: "the newest so many of each site" },
  ],
  examples: [
    { line: "zctl logs demo/hello -f", about: "what a stack says, now" },
    { line: "zctl logs north/zpod1 --since 2h --level warning", about: "what was wrong" },
    { line: "zctl logs demo/hello --access --since 10m --json | jq .status", about: "for scripts; one object a line" },
  ],
  run: async (it, [what], options): Promise<Exit> => {
    const { map } = await it.installation();
    const { sites, params } = queryOf(map, what, options, it.ports.now());
    const znets = hostsOf(map, "znet").filter(({ site }) => sites.includes(site));
    const parts = new Map<string, Part<true>>(znets.map((entry) => [entry.id, { entry, kind: "ok", value: true }]));
    const lose = (part: Part<true>): void => {
      parts.set(part.entry.id, part);
      const lost = missing([part], []);
      for (const line of [...lost.failed, ...lost.unreachable]) it.screen.warn(it.screen.paint("red", line));
    };
    const streams = znets.map((entry) => received(it, entry, params, lose));
    const show = ({ text }: Received): void => {
      const record = LogRecord.safeParse(JSON.parse(text));
      if (it.screen.jsonMode) it.screen.json({ v: 1, ...JSON.parse(text) }, true);
      else if (record.success) it.screen.line(logRow(record.data, (colour, words) => it.screen.paint(colour, words)));
    };
    if (options.follow) await Promise.all(streams.map(async (stream) => forEach(stream, show)));
    else await forEach(mergeByTime(streams), show);
    return exitOf([...parts.values()]);
  },
});

async function forEach<T>(stream: AsyncIterable<T>, work: (one: T) => void): Promise<void> {
  for await (const one of stream) work(one);
}

/** Which sites are asked, and for what. */
export function queryOf(
  map: ZMap,
  what: string | undefined,
  options: Options,
  now: number,
): { readonly sites: readonly string[]; readonly params: URLSearchParams } {
  const params = new URLSearchParams();
  let sites = options.site === undefined ? map.sites.map(({ name }) => name) : [siteNamed(map, options.site).name];
  if (what !== undefined) {
    const hosts = allHosts(map).filter(({ id, name, role }) => (id === what || name === what) && role !== "zcloud");
    const [tenant = ""] = what.split("/");
    if (hosts.length > 0) {
      params.set("host", hosts[0]?.name ?? "");
      sites = sites.filter((site) => hosts.some((host) => host.site === site));
    } else if (tenantOf(map, tenant) !== undefined) params.set("service", what);
    else {
      const tenants = map.tenants.map(({ name }) => name);
      const [first] = tenants;
      const example =
        first === undefined || what.includes("/") ? "" : `; a stack is said with its tenant: ${first}/${what}`;
      const remedy = `hosts: ${allHosts(map)
        .filter(({ role }) => role !== "zcloud")
        .map(({ id }) => id)
        .join(", ")}; tenants: ${tenants.join(", ")}${example}`;
      throw new ZctlError("UNKNOWN_NAME", `${what} is neither a host nor a tenant's`, { exit: "usage", remedy });
    }
  }
  if (options.access) params.set("kind", "access");
  for (const name of ["unit", "level", "grep"] as const) {
    const value = options[name];
    if (value !== undefined) params.set(name, value);
  }
  for (const name of ["since", "until"] as const) {
    const value = options[name];
    if (value !== undefined) params.set(name, parseSince(value, now).toISOString());
  }
  const limit = options.limit ?? (options.since === undefined ? 100 : undefined);
  if (limit !== undefined) params.set("limit", String(limit));
  if (options.follow) params.set("follow", "true");
  return { sites, params };
}

/** A site's answer line by line; what goes wrong is told, and ends this site's part only. */
async function* received(
  it: Invocation,
  entry: HostEntry,
  params: URLSearchParams,
  lose: (part: Part<true>) => void,
): AsyncGenerator<Received, void, undefined> {
  const url = `http://agent/v1/logs?${params.toString()}`;
  // A refusal's body has the reason; --fail-with-body makes curl end with 22.
  const curl = ["curl", "-sSN", "--fail-with-body", "--unix-socket", `/run/zcloud/${entry.role}.sock`, url];
  // Makes sure of the SSH configuration.
  await it.host(entry);
  const argv = [...sshCommand(await it.installation(), entry, { terminal: false }), shellCommand(curl)];
  let last = "";
  try {
    for await (const texts of it.ports.stream(argv, it.signal))
      for (const text of texts) {
        last = text;
        const at = Date.parse(/"at":"([^"]+)"/.exec(text)?.[1] ?? "");
        if (text.startsWith('{"error"')) continue;
        yield { at: Number.isNaN(at) ? 0 : at, text };
      }
  } catch (error) {
    it.signal.throwIfAborted();
    const said = error instanceof Error ? error.message : String(error);
    if (last.startsWith('{"error"'))
      return lose({ entry, kind: "failed", reason: String((JSON.parse(last) as { error: unknown }).error) });
    // ssh(1): 255 is its own.
    const kind = /: exit 255: /.test(said) ? "unreachable" : "failed";
    lose({ entry, kind, reason: whyUnreachable(said.replace(/^run \S+ exit \d+: /, "")) });
  }
}
