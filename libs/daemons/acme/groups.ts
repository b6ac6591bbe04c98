import type { HeldCertificate, WantedCertificate } from "./model.ts";

/** Let's Encrypt's limit; others allow as many or more. */
export const mostNames = 100;

/**
 * Which names share a certificate: those of a route, as they are in the map of routes, up to the limit. A group keeps the
 * name of the certificate it has, which need not be its first: so a name more or less is an order for the same file, and what
 * was issued once is not ordered again under another name.
 */
export function groupNames(
  wanted: readonly (readonly string[])[],
  have: readonly HeldCertificate[],
): readonly WantedCertificate[] {
  const held = new Map(have.map((certificate) => [certificate.name, certificate]));
  const taken = new Set<string>();
  return wanted.flatMap((names) => {
    // Routes may share a name by their paths: one certificate has it.
    const own = [...new Set(names)].filter((name) => !isWildcard(name) && !taken.has(name)).sort();
    for (const name of own) taken.add(name);
    return groupsOf(own, held);
  });
}

/** There is nothing to ask at a wildcard: http-01 can't prove one (RFC 8555, 7.1.3 and 8.3). */
export function isWildcard(name: string): boolean {
  return name.startsWith("*.");
}

function groupsOf(names: readonly string[], held: ReadonlyMap<string, HeldCertificate>): readonly WantedCertificate[] {
  const count = Math.ceil(names.length / mostNames);
  const covered = (name: string): readonly string[] => names.filter((one) => held.get(name)?.names.includes(one));
  // The newest: what a certificate left behind when it lost a name is older than it.
  const seeds = names
    .flatMap((name) => held.get(name) ?? [])
    .sort((a, b) => b.notBefore - a.notBefore || covered(b.name).length - covered(a.name).length)
    .slice(0, count);
  const left = new Set(names);
  for (const { name } of seeds) left.delete(name);
  const groups = seeds.map(({ name }) => {
    const members = [name, ...covered(name).filter((one) => left.has(one))].slice(0, mostNames);
    for (const one of members) left.delete(one);
    return { name, names: members };
  });
  for (const one of left) {
    const group = groups.find(({ names: members }) => members.length < mostNames);
    if (group === undefined) groups.push({ name: one, names: [one] });
    else group.names.push(one);
  }
  return groups.map(({ name, names: members }) => ({ name, names: members.sort() }));
}
