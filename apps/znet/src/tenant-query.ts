import { LogQuery } from "@zcloud/daemons/logstore";
import { Label } from "@zcloud/events";
import { parseDuration } from "@zcloud/map";
import * as z from "zod";

/** A time, or how long ago: `30m`, `2h`, `7d`. */
const When = z.union([
  z.iso.datetime({ offset: true }),
  z
    .string()
    .refine((text) => parseDuration(text) !== undefined, "write a time as 2026-11-23T14:00:00Z, or 30m, 2h, 7d"),
]);

/** What a tenant may ask of its own lines. Whose they are is not among it: its token says that. */
const TenantQuery = z.strictObject({
  project: Label.optional(),
  service: Label.optional(),
  kind: z.enum(["journal", "access"]).default("journal"),
  level: LogQuery.shape.level,
  since: When.default("1h"),
  until: When.optional(),
  grep: LogQuery.shape.grep,
  follow: LogQuery.shape.follow,
});

export type Asked = { readonly ok: true; readonly query: LogQuery } | { readonly ok: false; readonly error: string };

/** The query over this tenant's lines that these parameters are, each said once at most. */
export function tenantQuery(tenant: string, parameters: URLSearchParams, now: number): Asked {
  const given: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (Object.hasOwn(given, name)) return { ok: false, error: `${name} is said twice` };
    given[name] = value;
  }
  const parsed = TenantQuery.safeParse(given);
  if (!parsed.success) return { ok: false, error: z.prettifyError(parsed.error) };
  const { project, service, since, until, ...rest } = parsed.data;
  if (service !== undefined && project === undefined)
    return { ok: false, error: "say the service's project too: project=hello&service=web" };
  const query = LogQuery.safeParse({
    ...rest,
    service: [tenant, project, service].filter((part) => part !== undefined).join("/"),
    since: momentOf(since, now),
    ...(until === undefined ? {} : { until: momentOf(until, now) }),
  });
  return query.success ? { ok: true, query: query.data } : { ok: false, error: z.prettifyError(query.error) };
}

function momentOf(when: string, now: number): string {
  const ago = parseDuration(when);
  return ago === undefined ? when : new Date(Math.max(0, now - ago * 1_000)).toISOString();
}

/** What a tenant is shown of a line; undefined: it is not this tenant's, whatever the query was. */
export function shown(
  tenant: string,
  site: string,
  kind: LogQuery["kind"],
  line: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const of = line[kind === "access" ? "endpoint" : "service"];
  if (typeof of !== "string" || !of.startsWith(`${tenant}/`)) return undefined;
  if (kind === "access") return { ...line, site };
  const { at, level, msg } = line;
  return { at, site, level, service: of, msg };
}
