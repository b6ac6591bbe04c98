import * as z from "zod";
import { canonicalIpv6, formatNetwork, parseIpv4, parseNetwork } from "./ip.ts";
import { hostNameComplaint, labelComplaint } from "./names.ts";
import { durationComplaint, rateComplaint, sizeComplaint } from "./units.ts";

/** The kinds of value in a map. A complaint says why a text is not of a kind, with the remedy; undefined if it is. */

/** What the docs and the JSON Schema say of a value. */
interface About {
  readonly description: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly pattern?: string;
}

/** A piece of text of which `complaint` says what is wrong, or undefined. */
export function text(complaint: (value: string) => string | undefined, about: About) {
  const schema = z.string().superRefine((value, context) => {
    const message = complaint(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
  return schema.meta({ ...about });
}

export function size(description: string, example = "20G") {
  return text(sizeComplaint, { description, examples: [example], pattern: "^[0-9]+(\\.[0-9]+)?[KMGT]$" });
}

export function duration(description: string) {
  return text(durationComplaint, { description, examples: ["30d"], pattern: "^[0-9]+[smhdw]$" });
}

export function rate(description: string, example: string) {
  return text(rateComplaint, { description, examples: [example], pattern: "^[1-9][0-9]*/[sm]$" });
}

/** A key that may be left out, and what stands for it then. */
export function optional<Schema extends z.ZodType>(schema: Schema, usual?: unknown, description?: string) {
  const described = description === undefined ? {} : { description };
  return schema.optional().meta({ ...described, ...(usual === undefined ? {} : { default: usual }) });
}

export function ipv4Complaint(value: string): string | undefined {
  return parseIpv4(value) === undefined
    ? `${value} is not an IPv4 address; write four numbers, e.g. 198.51.100.10`
    : undefined;
}

/** Of a resolver: an IPv4 address, and after `#` the name that its certificate must have, where it is asked over TLS. */
export function resolverComplaint(value: string): string | undefined {
  const { address, name } = parseResolver(value);
  return ipv4Complaint(address) ?? (name === undefined ? undefined : hostNameComplaint(name));
}

export function parseResolver(value: string): { readonly address: string; readonly name: string | undefined } {
  const at = value.indexOf("#");
  return at === -1 ? { address: value, name: undefined } : { address: value.slice(0, at), name: value.slice(at + 1) };
}

/** Of a host name or an IPv4 address. */
export function timeServerComplaint(value: string): string | undefined {
  return parseIpv4(value) === undefined ? hostNameComplaint(value) : undefined;
}

export function ipv6Complaint(value: string): string | undefined {
  if (parseIpv4(value) !== undefined) return `${value} is an IPv4 address; write it under ipv4`;
  return canonicalIpv6(value) === undefined
    ? `${value} is not an IPv6 address; write e.g. "2001:db8:1::10"`
    : undefined;
}

export function networkComplaint(value: string): string | undefined {
  const network = parseNetwork(value);
  if (network === undefined) {
    const remedy =
      parseIpv4(value) === undefined ? "write e.g. 10.64.1.0/24" : `write its length too, e.g. ${value}/24`;
    return `${value} is not an IPv4 network; ${remedy}`;
  }
  const canonical = formatNetwork(network);
  return canonical === value ? undefined : `${value} is an address within a network; write ${canonical}`;
}

export function siteNameComplaint(value: string): string | undefined {
  if (reserved.has(value)) return `${value} means something else to zctl; choose another name, e.g. north`;
  if (/^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$/.test(value)) return undefined;
  return `${value} is not a name for a site; use up to 16 of a-z, 0-9 and -, and begin with a letter, e.g. north`;
}

/** Words that commands and stacks use where a site may stand, and the roles. */
const reserved = new Set(["both", "all", "peer", "local", "witness", "world", "internet"]);

export function operatorNameComplaint(value: string): string | undefined {
  if (/^[a-z][a-z0-9._-]{0,31}$/.test(value)) return undefined;
  return `${value} is not a name for an operator; use up to 32 of a-z, 0-9, dot, _ and -, and begin with a letter`;
}

export function pathComplaint(value: string): string | undefined {
  if (/^\/[\w.:@+/-]*[\w.:@+-]$/.test(value) && !value.split("/").includes("..")) return undefined;
  return `${value} is not a device; write its path, e.g. /dev/nvme1n1`;
}

export function directoryComplaint(value: string): string | undefined {
  if (value === "letsencrypt" || value === "letsencrypt-staging") return undefined;
  if (URL.canParse(value) && new URL(value).protocol === "https:") return undefined;
  return `${value} is no ACME directory; write letsencrypt, letsencrypt-staging or an https URL`;
}

/** Names of profiles are the CA's own (draft-ietf-acme-profiles, 3). */
export function profileComplaint(value: string): string | undefined {
  return /^[A-Za-z0-9_-]{1,64}$/.test(value) ? undefined : "is not a profile's name, e.g. shortlived";
}

export function contactComplaint(value: string): string | undefined {
  if (/^mailto:/.test(value)) return `write the address without mailto:`;
  return /^[^\s@,;:<>"]+@[^\s@]+\.[^\s@]+$/.test(value)
    ? undefined
    : `${value} is not a mail address, e.g. hostmaster@example.net`;
}

/** Of a mail server and its port. */
export function smarthostComplaint(value: string): string | undefined {
  const [, host = "", port = ""] = /^([^:]+):([1-9][0-9]{0,4})$/.exec(value) ?? [];
  if (host === "" || Number(port) > 65535)
    return `${value} is no mail server with its port; write e.g. mail.example.net:587`;
  return timeServerComplaint(host);
}

export function smtpUserComplaint(value: string): string | undefined {
  return /^[\w.@+-]{1,128}$/.test(value) ? undefined : "is not a user of a mail server, e.g. zcloud";
}

export function webhookComplaint(value: string): string | undefined {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return undefined;
  return `${value} is no http or https URL, e.g. https://alerts.example.net/in`;
}

export function stackComplaint(value: string): string | undefined {
  const [tenant, project, ...more] = value.split("/");
  if (tenant === undefined || project === undefined || more.length > 0)
    return `${value} is not a stack; write tenant/project, e.g. mail/mail`;
  return labelComplaint(tenant) ?? labelComplaint(project);
}

/** Of a token's hash; a token itself has no place in a map. */
export function tokenHashComplaint(value: string): string | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(value)) return undefined;
  return "is not a token's hash; write what zctl token says: sha256: and 64 of 0-9 and a-f";
}

/** The beginning of a line that a server says by itself: printable ASCII, as much as checks need. */
export function greetingComplaint(value: string): string | undefined {
  if (/^[!-~][ -~]{0,31}$/.test(value)) return undefined;
  return `must be the first 1 to 32 letters, digits or signs of what the service says first, e.g. "220"`;
}
