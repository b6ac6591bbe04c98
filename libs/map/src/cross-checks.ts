import {
  cephDisksUnlike,
  familyAtOneSite,
  filesAsDisks,
  multicastDomain,
  needsPeer,
  publicIsPrivate,
  untrustedCertificates,
} from "./checks/advice.ts";
import { hostNamesApart, internalDomainApart, operatorsSound, publicNameTwice } from "./checks/names.ts";
import { portClash, tenantPortClash, unknownTenant } from "./checks/ports.ts";
import {
  addressClash,
  networkFit,
  networkOverlap,
  siteCount,
  upstreamOutside,
  upstreamsAlike,
} from "./checks/sites.ts";
import {
  envelopesTogether,
  envelopeTooLarge,
  hostTooSmall,
  logsTight,
  logsTooLarge,
  machineTooSmall,
} from "./checks/sizes.ts";
import { cephNeeds, disksForCopies, diskTwice } from "./checks/storage.ts";
import { logNameApart, tokensWithoutPlace, tokenTwice } from "./checks/tenant-logs.ts";
import type { Draft } from "./draft.ts";
import type { Finding } from "./findings.ts";

/** One thing that no single value shows. Pure; it speaks only of what the schema has left in the draft. */
export interface Check {
  /** What a good map keeps to, for the docs. */
  readonly rule: string;
  readonly find: (draft: Draft) => readonly Finding[];
}

/** A map that breaks one of these is refused. */
export const checks: readonly Check[] = [
  { rule: "There is an operator; names and keys of operators differ.", find: operatorsSound },
  { rule: "There are one or two sites.", find: siteCount },
  { rule: "A site's network is private, /16 to /26, and not what podman gives to containers.", find: networkFit },
  { rule: "Sites' networks don't overlap.", find: networkOverlap },
  {
    rule: "Public addresses and the witness's are usable, differ, and stand in no site's network.",
    find: addressClash,
  },
  { rule: "The resolvers that znet asks are outside the sites.", find: upstreamOutside },
  { rule: "The resolvers that znet asks are all asked over TLS, or none.", find: upstreamsAlike },
  { rule: "The internal domain has no public names in it.", find: internalDomainApart },
  { rule: "No public name is what hosts are called inside (zpod1.north).", find: hostNamesApart },
  { rule: "A public name belongs to one tenant, and so does everything under a wildcard.", find: publicNameTwice },
  { rule: "The name of tenants' logs is no tenant's.", find: logNameApart },
  { rule: "A token opens one tenant's log lines.", find: tokenTwice },
  { rule: "A port is used once, and isn't one that the hosts need themselves.", find: portClash },
  { rule: "A port that a tenant may take is used by nobody else.", find: tenantPortClash },
  { rule: "A service belongs to a tenant of the map.", find: unknownTenant },
  { rule: "Every VM has at least 256M of memory and 4G of disk.", find: hostTooSmall },
  { rule: "A site's VMs fit into its machine, where the map describes it.", find: machineTooSmall },
  { rule: "A tenant's envelope fits into the zpods of each site.", find: envelopeTooLarge },
  { rule: "The logs fit on znet's disk.", find: logsTooLarge },
  { rule: "Storage of kind ceph has two sites, a witness, and a disk at both.", find: cephNeeds },
  { rule: "Four copies have two disks at both sites.", find: disksForCopies },
  { rule: "A disk has one use.", find: diskTwice },
];

/** Worth saying, and no reason to refuse. */
export const advice: readonly Check[] = [
  { rule: "Both sites have IPv6, or neither.", find: familyAtOneSite },
  { rule: "Public addresses are not private ones.", find: publicIsPrivate },
  { rule: "Both sites have the same number of disks for Ceph.", find: cephDisksUnlike },
  { rule: "Ceph's disks are devices, but in a lab.", find: filesAsDisks },
  { rule: "A witness and replication need two sites.", find: needsPeer },
  { rule: "Browsers trust the certificates.", find: untrustedCertificates },
  { rule: "The internal domain is not under .local, which is multicast DNS.", find: multicastDomain },
  { rule: "All tenants' envelopes together fit into the zpods of each site.", find: envelopesTogether },
  { rule: "Tokens have a place where they are asked for.", find: tokensWithoutPlace },
  { rule: "The logs leave 4G of znet's disk free.", find: logsTight },
];
