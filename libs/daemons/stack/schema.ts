import { greetingComplaint, parseRate } from "@zcloud/map";
import * as z from "zod";

/** What compose can't say, as the user writes it under `x-zcloud`. */

const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const nameHint = "must be a host name in lower case without scheme, port or *, e.g. wiki.example.net";
const PublicName = z.string({ error: nameHint }).regex(hostName, nameHint);

/** RFC 3986 path whose characters mean themselves, so that it can be compared as it stands. */
const prefix = /^(\/[A-Za-z0-9\-._~]{1,100}){1,8}$/;

const placeHint =
  "must be a host name in lower case, with a path behind it if need be, e.g. wiki.example.net or wiki.example.net/api";
const Place = z
  .string({ error: placeHint })
  .refine((text) => splitPlace(text) !== undefined, `${placeHint}; no scheme, port, * or / at the end`);

const targetHint =
  "must be where visitors are sent: a host name or an https address without / at the end, e.g. wiki.example.net";
const Target = z.string({ error: targetHint }).refine((text) => targetOf(text) !== undefined, targetHint);

/** `wiki.example.net/api` in its two parts; undefined if it isn't a place. The path is empty or begins with `/`. */
export function splitPlace(text: string): { readonly host: string; readonly path: string } | undefined {
  const slash = text.indexOf("/");
  const [host, path] = slash < 0 ? [text, ""] : [text.slice(0, slash), text.slice(slash)];
  if (!hostName.test(host) || (path !== "" && !prefix.test(path))) return undefined;
  return path.split("/").some((part) => part === "." || part === "..") ? undefined : { host, path };
}

/** `https://wiki.example.net` of a redirect's target as the user writes it. */
export function targetOf(text: string): string | undefined {
  const bare = text.replace(/^https:\/\//, "");
  return splitPlace(bare) === undefined ? undefined : `https://${bare}`;
}

const yes = (what: string) => z.boolean({ error: `must be true where ${what}` }).optional();

const containerPort = z
  .int({ error: "must be the port that the service listens on in its container, e.g. 8080" })
  .min(1, "must be 1 to 65535")
  .max(65535, "must be 1 to 65535");

/** A port of the world. `port`: in the container, the same one if it isn't said. */
const PublicPort = z.strictObject(
  {
    public: z
      .int({ error: "must be the port at the sites' public addresses, e.g. 25" })
      .min(1, "must be 1 to 65535")
      .max(65535, "must be 1 to 65535"),
    port: containerPort.optional(),
    proxy_protocol: yes("the service expects the visitor's address by the PROXY protocol, version 2"),
    greets: z
      .string({ error: 'must be what the service says first, in quotes, e.g. "220"' })
      .superRefine((value, context) => {
        const message = greetingComplaint(value);
        if (message !== undefined) context.addIssue({ code: "custom", message });
      })
      .optional(),
  },
  { error: "must be a mapping, e.g. { public: 25, port: 2525 }" },
);

/** `x-zcloud` of a service: how the world reaches it. */
export const ServiceOptions = z.strictObject({
  names: z
    .array(Place, { error: "must be a list of host names, e.g. [wiki.example.net]" })
    .max(50, "must be at most 50 names")
    .optional(),
  redirects: z
    .record(PublicName, Target, {
      error: "must say where each name's visitors are sent, e.g. { www.example.net: example.net }",
    })
    .refine((all) => Object.keys(all).length <= 50, "must be at most 50 names")
    .optional(),
  port: containerPort.optional(),
  tcp: z
    .array(PublicPort, { error: "must be a list of public ports, e.g. [{ public: 25, port: 2525 }]" })
    .min(1, "must have a port, or not be there")
    .max(50, "must be at most 50 ports")
    .optional(),
  health: z
    .string({ error: "must be a path, e.g. /healthz" })
    .regex(
      /^\/[\w\-.~!$&'()*+,;=:@%/?]{0,200}$/,
      "must be a path that answers 2xx or 3xx when the service is well, e.g. /healthz",
    )
    .optional(),
  answers_within: z
    .string({ error: "must be a time, e.g. 2s or 500ms" })
    .refine((text) => parseTime(text) !== undefined, "must be a time from 200ms to 60s, e.g. 2s or 500ms")
    .optional(),
  protocol: z
    .enum(["http", "h2c"], { error: "must be http (the default) or h2c: HTTP/2 without TLS, for gRPC" })
    .optional(),
  tls: z
    .literal("passthrough", {
      error: "must be passthrough: the service has the keys of its names itself, and the front opens nothing",
    })
    .optional(),
  proxy_protocol: yes("the service expects the visitor's address by the PROXY protocol, version 2"),
  sticky: yes("a visitor shall stay with one container"),
  compress: yes("text may be compressed; not for pages that show a secret beside what a visitor sent (BREACH)"),
  real_ip: yes("requests shall say who asks in x-real-ip, and for which name in x-forwarded-host"),
  retry_on: z
    .array(z.literal(500, { error: "must be 500; 502, 503 and 504 are asked again anyway" }), {
      error: "must be [500]: a GET that is answered 500 is asked again elsewhere",
    })
    .max(1, "must be [500]")
    .optional(),
  timeout: z
    .string({ error: "must be a time, e.g. 10m" })
    .refine((text) => between(parseSpan(text), 1_000, 3_600_000), "must be a time from 1s to 1h, e.g. 10m")
    .optional(),
  hsts: z
    .string({ error: "must be a time, e.g. 365d" })
    .refine((text) => between(parseSpan(text), 0, 730 * 86_400_000), "must be a time from 0s to 730d, e.g. 365d")
    .optional(),
  max_body: z
    .string({ error: "must be a size, e.g. 50M" })
    .regex(/^[1-9]\d{0,5}[KMG]$/, "must be a size, e.g. 50M")
    .optional(),
  rate: z
    .string({ error: "must be requests of one client, e.g. 20/s or 300/m" })
    .refine(
      (text) => parseRate(text) !== undefined,
      "must be requests of one client, e.g. 20/s or 300/m; at most 100000/s",
    )
    .optional(),
});
export type ServiceOptions = z.infer<typeof ServiceOptions>;

/** `x-zcloud` of the whole file: where it runs. */
export const StackOptions = z.strictObject({
  home: z.string({ error: "must be the name of a site" }).optional(),
  placement: z.literal("both", { error: "must be both; for one site write home: SITE instead" }).optional(),
  role: z.enum(["zpod", "zmah"], { error: "must be zpod (the default) or zmah" }).optional(),
});
export type StackOptions = z.infer<typeof StackOptions>;

/** `x-zcloud` of a volume. */
export const VolumeOptions = z.strictObject({
  size: z
    .string({ error: "must be a size, e.g. 5G" })
    .regex(/^\d{1,6}(\.\d{1,3})?[KMGT]$/, "must be a size, e.g. 5G")
    .optional(),
});
export type VolumeOptions = z.infer<typeof VolumeOptions>;

/** Milliseconds of `2s` or `500ms`; undefined if it isn't a time from 200 ms to 60 s. */
export function parseTime(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,5}(?:\.\d{1,3})?)(ms|s)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const ms = Math.round(Number(amount) * (unit === "s" ? 1000 : 1));
  return ms >= 200 && ms <= 60_000 ? ms : undefined;
}

const spans: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `500ms`, `90s`, `10m`, `1h` or `365d`. */
export function parseSpan(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (spans[unit] ?? 0);
}

function between(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most;
}
