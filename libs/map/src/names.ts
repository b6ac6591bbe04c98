/** Host names and the short labels that become file names, NATS tokens and container names. */

/** Same as the label in libs/events: safe in file names, subjects and container names. */
export const labelPattern = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
/** A host name in lower case with at least two labels; the last one isn't a number. */
export const hostNamePattern =
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Why `text` can't name a tenant, project or service; undefined if it can. */
export function labelComplaint(text: string): string | undefined {
  if (labelPattern.test(text)) return undefined;
  const better = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const remedy = labelPattern.test(better) ? `write ${better}` : "e.g. garden";
  return `${text} is not a name; use 1 to 40 of a-z, 0-9 and -, not at the ends: ${remedy}`;
}

/** Why `text` is not a public host name, or `*.` and one; undefined if it is. */
export function publicNameComplaint(text: string): string | undefined {
  if (!text.startsWith("*.")) return hostNameComplaint(text);
  const below = text.slice(2);
  if (!below.includes(".") && labelPattern.test(below))
    return `${text} would take every name in ${below}; name the domain too`;
  return hostNameComplaint(below);
}

/** Why `text` is not a host name in the form in which we write it; undefined if it is. */
export function hostNameComplaint(text: string): string | undefined {
  if (hostNamePattern.test(text)) return undefined;
  if (text.includes("://")) return `${text} is a URL; write the host name only`;
  if (/^\d+(\.\d+){3}$/.test(text)) return `${text} is an address; write a host name`;
  if (/:\d+$/.test(text)) return `${text} has a port; write the host name only`;
  if (text.includes("*"))
    return `${text} has * in the middle; a wildcard is *. and a host name, e.g. *.garden.example.net`;
  const ascii = asciiForm(text);
  if (ascii !== undefined) return `${text} is not in the form that DNS uses; write ${ascii}`;
  if (!text.includes(".") && labelPattern.test(text))
    return `${text} has one label only; write it in full, e.g. ${text}.example.net`;
  return `${text} is not a host name; use letters, digits and - in labels of 1 to 63, joined by dots`;
}

/** Lower case, no last dot, IDN as `xn--`; undefined where that doesn't make a host name of it. */
function asciiForm(text: string): string | undefined {
  const trimmed = text.trim().replace(/\.$/, "");
  if (/[\s/@?#\\%:]/.test(trimmed) || !URL.canParse(`http://${trimmed}`)) return undefined;
  const { hostname } = new URL(`http://${trimmed}`);
  return hostNamePattern.test(hostname) ? hostname : undefined;
}

const hostLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether `pattern` (a name, or `*.` and a name) answers for `name`; `*` stands for exactly one label. */
export function covers(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  if (!pattern.startsWith("*.")) return false;
  const dot = name.indexOf(".");
  return name.slice(dot + 1) === pattern.slice(2) && hostLabel.test(name.slice(0, dot));
}

/**
 * A name (`wiki.example.net/`) or a part of one (`wiki.example.net/api/`) as keys of who has what: it is free if nobody
 * has one of `asked`, and takes `taken`. `whole`: nobody else can have a part of that name.
 */
export function placeKeys(
  place: string,
  whole: boolean,
): { readonly asked: readonly string[]; readonly taken: readonly string[] } {
  const name = place.replace(/\/.*$/, "");
  const [any, all] = [`${name} some`, `${name} all`];
  return whole ? { asked: [any], taken: [any, all] } : { asked: [place, all], taken: [place, any] };
}

/** Whether `name` is `domain` or below it. */
export function isWithin(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
