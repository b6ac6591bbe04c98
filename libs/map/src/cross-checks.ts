import {
  cephDisksUnlike,
  familyAtOneSite,
  multicastDomain,
  needsPeer,
  publicIsPrivate,
  untrustedCertificates,
} from "./checks/advice.ts";
import { internalDomainApart, operatorsSound, publicNameTwice } from "./checks/names.ts";
import { portClash, unknownTenant } from "./checks/ports.ts";
import { addressClash, networkFit, networkOverlap, siteCount } from "./checks/sites.ts";
import {
  envelopesTogether,
  envelopeTooLarge,
  hostTooSmall,
  logsTight,
  logsTooLarge,
  machineTooSmall,
} from "./checks/sizes.ts";
import { cephNeeds, diskTwice } from "./checks/storage.ts";
import type { Draft } from "./draft.ts";
import type { Finding } from "./findings.ts";

/** One thing that no single value shows. Pure; it speaks only of what the schema has left in the draft. */
export type Check = (draft: Draft) => readonly Finding[];

/** A map that fails one of these is refused. */
export const checks: readonly Check[] = [
  operatorsSound,
  siteCount,
  networkFit,
  networkOverlap,
  addressClash,
  internalDomainApart,
  publicNameTwice,
  portClash,
  unknownTenant,
  hostTooSmall,
  machineTooSmall,
  envelopeTooLarge,
  logsTooLarge,
  cephNeeds,
  diskTwice,
];

/** Worth saying, and no reason to refuse. */
export const advice: readonly Check[] = [
  familyAtOneSite,
  publicIsPrivate,
  cephDisksUnlike,
  needsPeer,
  untrustedCertificates,
  multicastDomain,
  envelopesTogether,
  logsTight,
];
