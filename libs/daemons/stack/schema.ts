import * as z from "zod";

/** What compose can't say, as the user writes it under `x-zcloud`. */

const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const PublicName = z
  .string({ error: "must be a host name, e.g. wiki.example.net" })
  .regex(hostName, "must be a host name in lower case without scheme, port or *, e.g. wiki.example.net");

/** `x-zcloud` of a service: how the world reaches it. */
export const ServiceOptions = z.strictObject({
  names: z
    .array(PublicName, { error: "must be a list of host names, e.g. [wiki.example.net]" })
    .max(50, "must be at most 50 names")
    .optional(),
  port: z
    .int({ error: "must be the port that the service listens on in its container, e.g. 8080" })
    .min(1, "must be 1 to 65535")
    .max(65535, "must be 1 to 65535"),
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
