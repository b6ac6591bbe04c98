import { defaults } from "../defaults.ts";
import { type Draft, entriesOf } from "../draft.ts";
import type { Finding } from "../findings.ts";
import { addressRange } from "../ip.ts";
import { isWithin } from "../names.ts";
import { addressesOf } from "./sites.ts";

/** Users of the family that one site lacks don't get the other site when theirs is down. */
export function familyAtOneSite({ sites }: Draft): Finding[] {
  const named = entriesOf(sites);
  const having = named.filter(([, site]) => site.public?.ipv6 !== undefined).map(([name]) => name);
  if (having.length === 0) return [];
  return named
    .filter(([, site]) => site.public !== undefined && site.public.ipv6 === undefined)
    .map(([name]) => ({
      path: ["sites", name, "public"],
      message: `${name} has no ipv6 and ${having.join(" and ")} has; IPv6 users lose take-over`,
    }));
}

export function publicIsPrivate(draft: Draft): Finding[] {
  return addressesOf(draft)
    .filter(({ address }) => ["private", "carrierGradeNat", "uniqueLocal"].includes(addressRange(address)))
    .map(({ address, path }) => ({ path, message: `${address} is private; the world does not reach it` }));
}

export function cephDisksUnlike({ storage, sites }: Draft): Finding[] {
  const counts = entriesOf(sites).map(([name, { disks }]) => ({ name, count: disks?.ceph?.length ?? 0 }));
  const [first, second] = counts;
  if (storage?.kind !== "ceph" || first === undefined || second === undefined) return [];
  if (first.count === second.count) return [];
  return [
    {
      path: ["sites", second.name, "disks", "ceph"],
      message: `${second.name} has ${second.count} and ${first.name} ${first.count}; both hold all data, so the smaller site is the limit`,
    },
  ];
}

/** A file shares its disk with everything else of its host, and is nobody's idea of a disk but a lab's. */
export function filesAsDisks({ storage, sites }: Draft): Finding[] {
  if (storage?.kind !== "ceph" || storage.profile === "lab") return [];
  return entriesOf(sites).flatMap(([site, { disks }]) =>
    (disks?.ceph ?? []).flatMap((path, index) => {
      if (path === undefined || path.startsWith("/dev/")) return [];
      const message = `${path} is a file on zstore, which is for a lab; give Ceph a whole device, e.g. /dev/nvme1n1`;
      return [{ path: ["sites", site, "disks", "ceph", index], message }];
    }),
  );
}

/** What a map with one site can't use yet. */
export function needsPeer({ sites, witness, replication }: Draft): Finding[] {
  if (Object.keys(sites ?? {}).length !== 1) return [];
  const findings: Finding[] = [];
  if (witness !== undefined)
    findings.push({ path: ["witness"], message: "a witness has nothing to decide while there is one site" });
  if (Object.keys(replication ?? {}).length > 0)
    findings.push({ path: ["replication"], message: "there is nothing to replicate to while there is one site" });
  return findings;
}

export function untrustedCertificates({ acme }: Draft): Finding[] {
  if (acme?.directory !== "letsencrypt-staging") return [];
  return [{ path: ["acme", "directory"], message: "browsers don't trust certificates from letsencrypt-staging" }];
}

/** RFC 6762: `.local` is multicast DNS, and many resolvers never ask a server for it. */
export function multicastDomain(draft: Draft): Finding[] {
  if (!isWithin(draft.internal_domain ?? defaults.internalDomain, "local")) return [];
  return [
    {
      path: ["internal_domain"],
      message: `names in .local are looked up by multicast; take e.g. ${defaults.internalDomain}`,
    },
  ];
}
