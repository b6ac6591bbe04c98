import { defaults } from "../defaults.ts";
import { type Draft, entriesOf } from "../draft.ts";
import type { Finding } from "../findings.ts";
import type { Path } from "../problems.ts";
import { hostCount, hostSize, type VmRole } from "../sizing.ts";
import { formatSize, parseSize } from "../units.ts";

const vmRoles = ["znet", "zfront", "zstore", "zpod", "zmah"] as const satisfies readonly VmRole[];
/** Debian with its role's service and daemons starts within these. */
const least = { memory: 256 * 2 ** 20, disk: 4 * 2 ** 30 };

export function hostTooSmall({ hosts, sites }: Draft): Finding[] {
  const places: [Path, Draft["hosts"]][] = [
    [["hosts"], hosts],
    ...entriesOf(sites).map(([site, entry]): [Path, Draft["hosts"]] => [["sites", site, "hosts"], entry.hosts]),
  ];
  return places.flatMap(([path, sizes]) =>
    entriesOf(sizes).flatMap(([role, size]) =>
      (["memory", "disk"] as const).flatMap((what) => {
        const given = size[what];
        if (given === undefined || bytes(given) >= least[what]) return [];
        return [
          {
            path: [...path, role, what],
            message: `${given} is too little ${what} for ${role}; at least ${formatSize(least[what])}`,
          },
        ];
      }),
    ),
  );
}

/** What one tenant may use must be there at each site; what all of them may use is a matter of trust, and a warning. */
export function envelopeTooLarge(draft: Draft): Finding[] {
  return entriesOf(draft.tenants).flatMap(([tenant, envelope]) =>
    resources(draft).flatMap(({ key, read, show, offers, what }) => {
      const wants = read(envelope[key] ?? defaults.tenant[key]);
      const worst = offers.find(({ has }) => has < wants);
      if (worst === undefined) return [];
      return [
        {
          path: ["tenants", tenant, key],
          message: `${tenant} may use ${show(wants)} but ${worst.site}'s zpods have ${show(worst.has)} of ${what}; lower it, or give hosts.zpod more`,
        },
      ];
    }),
  );
}

export function envelopesTogether(draft: Draft): Finding[] {
  const tenants = entriesOf(draft.tenants);
  if (tenants.length < 2) return [];
  return resources(draft)
    .filter(({ key }) => key !== "cpus")
    .flatMap(({ key, read, show, offers, what }) => {
      const wants = tenants.reduce((sum, [, envelope]) => sum + read(envelope[key] ?? defaults.tenant[key]), 0);
      const worst = offers.find(({ has }) => has < wants);
      if (worst === undefined) return [];
      return [
        {
          path: ["tenants"],
          message: `together they may use ${show(wants)} of ${what}, and ${worst.site}'s zpods have ${show(worst.has)}`,
        },
      ];
    });
}

/** What the hosts of a site need of the machine that carries them. */
export function machineTooSmall(draft: Draft): Finding[] {
  return entriesOf(draft.sites).flatMap(([site, { machine }]) => {
    const findings: Finding[] = [];
    const base = ["sites", site, "machine"];
    const needs = vmRoles.reduce((sum, role) => sum + hostSize(draft, site, role).memory * hostCount(draft, role), 0);
    if (machine?.memory !== undefined && bytes(machine.memory) < needs) {
      findings.push({
        path: [...base, "memory"],
        message: `${site}'s hosts need ${formatSize(needs)} and the machine has ${machine.memory}; make them smaller under sites.${site}.hosts`,
      });
    }
    const cpus = machine?.cpus;
    const wide = vmRoles.find((role) => cpus !== undefined && hostSize(draft, site, role).cpus > cpus);
    if (wide !== undefined)
      findings.push({
        path: [...base, "cpus"],
        message: `${wide} has ${hostSize(draft, site, wide).cpus} cpus and the machine only ${cpus}`,
      });
    return findings;
  });
}

/** znet keeps the logs on its own disk, and answers DNS from it too. */
export function logsTooLarge(draft: Draft): Finding[] {
  return logRoom(draft)
    .filter(({ room }) => room < 0)
    .map(({ path, message }) => ({ path, message }));
}

export function logsTight(draft: Draft): Finding[] {
  return logRoom(draft)
    .filter(({ room }) => room >= 0 && room < least.disk)
    .map(({ path, message }) => ({ path, message }));
}

function logRoom(draft: Draft) {
  const atMost = draft.log?.at_most ?? defaults.log.atMost;
  return siteNames(draft)
    .slice(0, 2)
    .map((site) => ({ site, disk: hostSize(draft, site, "znet").disk }))
    .sort((a, b) => a.disk - b.disk)
    .slice(0, 1)
    .map(({ site, disk }) => ({
      room: disk - bytes(atMost),
      path: draft.log?.at_most === undefined ? ["hosts", "znet", "disk"] : ["log", "at_most"],
      message: `${atMost} of logs leave no room on ${site}'s znet, which has a disk of ${formatSize(disk)}; give hosts.znet.disk ${formatSize(bytes(atMost) + 2 * least.disk)}`,
    }));
}

/** What zpods offer to tenants, by what tenants ask for. Volumes are theirs only while storage is local. */
function resources(draft: Draft) {
  const offer = (what: "memory" | "cpus" | "disk") =>
    siteNames(draft).map((site) => ({ site, has: hostSize(draft, site, "zpod")[what] * hostCount(draft, "zpod") }));
  const size = { read: (value: string | number) => bytes(String(value)), show: formatSize };
  const kind = draft.storage === undefined ? defaults.storage.kind : draft.storage.kind;
  return [
    { key: "memory", what: "memory", offers: offer("memory"), ...size },
    { key: "cpus", what: "processors", offers: offer("cpus"), read: Number, show: String },
    { key: "volumes", what: "disk", offers: kind === "local" ? offer("disk") : [], ...size },
  ] as const;
}

function siteNames({ sites }: Draft): string[] {
  return entriesOf(sites).map(([name]) => name);
}

/** Only for what the schema has accepted. */
function bytes(size: string): number {
  return parseSize(size) ?? Number.NaN;
}
