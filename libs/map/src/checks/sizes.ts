import { defaults } from "../defaults.ts";
import { type Draft, entriesOf, isWhole, wasCut } from "../draft.ts";
import type { Finding } from "../findings.ts";
import type { Path } from "../problems.ts";
import { hostCount, hostSize, type VmRole, vmRoles } from "../sizing.ts";
import { formatSize, parseSize } from "../units.ts";

/** Debian with its role's service and daemons starts within these. */
const least = { memory: 256 * 2 ** 20, disk: 4 * 2 ** 30 };
/** What the hypervisor itself needs beside its VMs. */
const hypervisor = 2 ** 30;

export function hostTooSmall({ hosts, sites }: Draft): Finding[] {
  const ofSites = entriesOf(sites).map(([site, entry]) => [["sites", site, "hosts"], entry.hosts] as const);
  return ([[["hosts"], hosts], ...ofSites] as const).flatMap(([path, sizes]) =>
    entriesOf(sizes).flatMap(([role, size]) =>
      (["memory", "disk"] as const).flatMap((what) => {
        const given = size[what];
        if (given === undefined || bytes(given) >= least[what]) return [];
        const message = `${given} is too little ${what} for ${role}; at least ${formatSize(least[what])}`;
        return [{ path: [...path, role, what], message }];
      }),
    ),
  );
}

/** What the hosts of a site need of the machine that carries them. */
export function machineTooSmall(draft: Draft): Finding[] {
  return sitesWithSizes(draft, ...vmRoles).flatMap((site) => {
    const machine = draft.sites?.[site]?.machine;
    const findings: Finding[] = [];
    const path: Path = ["sites", site, "machine"];
    const needs = vmRoles.reduce((sum, role) => sum + hostSize(draft, site, role).memory * hostCount(draft, role), 0);
    if (machine?.memory !== undefined && bytes(machine.memory) < needs + hypervisor) {
      const message = `${site}'s hosts need ${formatSize(needs)} and the server itself ${formatSize(hypervisor)}, and it has ${machine.memory}; make them smaller under sites.${site}.hosts`;
      findings.push({ path: [...path, "memory"], message });
    }
    const cpus = machine?.cpus ?? Number.POSITIVE_INFINITY;
    const wide = vmRoles
      .map((role) => ({ role, cpus: hostSize(draft, site, role).cpus }))
      .find((host) => host.cpus > cpus);
    if (wide !== undefined) {
      findings.push({
        path: [...path, "cpus"],
        message: `${wide.role} has ${wide.cpus} cpus and ${site}'s server only ${cpus}; give ${wide.role} at most ${cpus}`,
      });
    }
    return findings;
  });
}

/** One tenant's envelope must fit each site. */
export function envelopeTooLarge(draft: Draft): Finding[] {
  return resources(draft).flatMap(({ key, what, read, show, offers }) =>
    entriesOf(draft.tenants)
      .filter(([, envelope]) => isWhole(envelope))
      .flatMap(([tenant, envelope]) => {
        const wants = read(envelope[key] ?? defaults.tenant[key]);
        const worst = offers.find(({ has }) => has < wants);
        if (worst === undefined) return [];
        const message = `${tenant} may use ${show(wants)} but ${worst.site}'s zpods have ${show(worst.has)} of ${what}; lower it, or give hosts.zpod more`;
        return [{ path: ["tenants", tenant, key], message }];
      }),
  );
}

/** All of them together may be promised more than there is: that is the operator's to judge. */
export function envelopesTogether(draft: Draft): Finding[] {
  const tenants = entriesOf(draft.tenants);
  if (tenants.length < 2) return [];
  return resources(draft).flatMap(({ key, what, read, show, offers }) => {
    const wants = tenants.reduce((sum, [, envelope]) => sum + read(envelope[key] ?? defaults.tenant[key]), 0);
    const worst = offers.find(({ has }) => has < wants);
    if (worst === undefined || key === "cpus") return [];
    const message = `together they may use ${show(wants)} of ${what}, and ${worst.site}'s zpods have ${show(worst.has)}`;
    return [{ path: ["tenants"], message }];
  });
}

/** znet keeps logs and numbers on its own disk, and answers DNS from it too. */
export function logsTooLarge(draft: Draft): Finding[] {
  return logRoom(draft).flatMap(({ room, finding }) => (room < 0 ? [finding] : []));
}

export function logsTight(draft: Draft): Finding[] {
  return logRoom(draft).flatMap(({ room, finding }) => (room >= 0 && room < least.disk ? [finding] : []));
}

function logRoom(draft: Draft) {
  const atMost = draft.log?.at_most ?? defaults.log.atMost;
  if (!isWhole(draft.log) || !isWhole(draft.metrics)) return [];
  const numbers = bytes(draft.metrics?.at_most ?? defaults.metrics.atMost);
  const disks = sitesWithSizes(draft, "znet").map((site) => ({ site, disk: hostSize(draft, site, "znet").disk }));
  const [smallest] = disks.sort((a, b) => a.disk - b.disk);
  if (smallest === undefined) return [];
  const path: Path =
    draft.log?.at_most !== undefined
      ? ["log", "at_most"]
      : draft.metrics?.at_most !== undefined
        ? ["metrics", "at_most"]
        : ["hosts", "znet", "disk"];
  const remedy = `give hosts.znet.disk ${formatSize(bytes(atMost) + numbers + 2 * least.disk)}`;
  const message = `${atMost} of logs and ${formatSize(numbers)} of metrics leave no room on ${smallest.site}'s znet, which has a disk of ${formatSize(smallest.disk)}; ${remedy}`;
  return [{ room: smallest.disk - bytes(atMost) - numbers, finding: { path, message } }];
}

/** What zpods offer to tenants, by what tenants ask for. Volumes are on zpods only while storage is local. */
function resources(draft: Draft) {
  const offer = (what: "memory" | "cpus" | "disk") =>
    sitesWithSizes(draft, "zpod").map((site) => ({
      site,
      has: hostSize(draft, site, "zpod")[what] * hostCount(draft, "zpod"),
    }));
  const size = { read: (value: string | number) => bytes(String(value)), show: formatSize };
  const kind =
    wasCut(draft, "storage") || !isWhole(draft.storage) ? undefined : (draft.storage?.kind ?? defaults.storage.kind);
  return [
    { key: "memory", what: "memory", offers: offer("memory"), ...size },
    { key: "cpus", what: "processors", offers: offer("cpus"), read: Number, show: String },
    { key: "volumes", what: "disk", offers: kind === "local" ? offer("disk") : [], ...size },
  ] as const;
}

/** Sites where these roles' sizes are known: where one was taken out, the default is not what the operator wants. */
function sitesWithSizes(draft: Draft, ...roles: readonly VmRole[]): string[] {
  const known = (parent: Pick<Draft, "hosts">) => {
    if (wasCut(parent, "hosts")) return false;
    const named = entriesOf(parent.hosts).map(([role]) => role);
    const cut = Object.keys(parent.hosts ?? {}).filter((role) => !named.includes(role as VmRole));
    return cut.length === 0 && roles.every((role) => isWhole(parent.hosts?.[role]));
  };
  if (!known(draft)) return [];
  return entriesOf(draft.sites).flatMap(([name, site]) => (known(site) ? [name] : []));
}

/** Only for what the schema has accepted. */
function bytes(size: string): number {
  return parseSize(size) ?? Number.NaN;
}
