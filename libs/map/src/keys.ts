import * as z from "zod";
import { parseYaml } from "./document.ts";
import { toProblem } from "./findings.ts";
import { type Problem, sortProblems } from "./problems.ts";
import { schemaFindings } from "./schema-problems.ts";

const hostId = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*$/;

/** zcloud.keys.json: the installation's public keys, written by `zctl pki`. Nothing in it is secret. */
export const Keys = z.strictObject({
  v: z.literal(1),
  /** PEM certificate of the installation's CA. */
  ca: z
    .string()
    .regex(
      /^-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----\s*$/,
      "must be one PEM certificate",
    ),
  /** JWK thumbprint of the fronts' ACME account (RFC 8555, 8.1); null until there is one. */
  acmeThumbprint: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, "must be a JWK thumbprint: 43 of A-Z, a-z, 0-9, - and _")
    .nullable(),
  hosts: z.record(
    z.string().regex(hostId, "must be site/host, e.g. north/zpod1"),
    z.strictObject({
      /** The service's public user key on the bus. */
      nkey: z.string().regex(/^U[A-Z2-7]{55}$/, "must be a public user nkey: U and 55 of A-Z and 2-7"),
    }),
  ),
});
export type Keys = z.infer<typeof Keys>;

export type KeysResult =
  | { readonly ok: true; readonly keys: Keys }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The public keys that `text`, a zcloud.keys.json, holds; or everything that is wrong with it. */
export function loadKeys(text: string, file: string): KeysResult {
  const json = parseJson(text);
  if (json.error !== undefined)
    return { ok: false, problems: [{ file, line: 1, column: 1, path: "", message: json.error }] };
  const parsed = Keys.safeParse(json.value);
  if (parsed.success) return { ok: true, keys: parsed.data };
  const yaml = parseYaml(text);
  const findings = schemaFindings(Keys, json.value, parsed.error.issues);
  return { ok: false, problems: sortProblems(findings.map((finding) => toProblem(file, yaml, finding))) };
}

function parseJson(text: string): { value?: unknown; error?: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return {
      error: `this is not JSON (${error instanceof Error ? error.message : String(error)}); write it again with zctl pki`,
    };
  }
}
