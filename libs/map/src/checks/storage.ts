import { type Draft, entriesOf, wasCut } from "../draft.ts";
import type { Finding } from "../findings.ts";
import { formatPath, type Path } from "../problems.ts";

/** Ceph decides between two sites by a third place, and needs disks at both. */
export function cephNeeds(draft: Draft): Finding[] {
  const { storage, sites } = draft;
  if (storage?.kind !== "ceph" || sites === undefined) return [];
  const path = ["storage", "kind"];
  if (Object.keys(sites).length < 2) {
    return [{ path, message: "ceph needs two sites; add the other, or write local until you have it" }];
  }
  const diskless = entriesOf(sites)
    .filter(([, site]) => !wasCut(site, "disks") && !wasCut(site.disks, "ceph") && !site.disks?.ceph?.length)
    .map(([site]) => {
      const message = `ceph needs a disk at both sites; ${site} has none, add e.g. ceph: [/dev/nvme1n1]`;
      return { path: ["sites", site, "disks", "ceph"], message };
    });
  if (Object.hasOwn(draft, "witness")) return diskless;
  return [
    ...diskless,
    {
      path,
      message:
        "ceph needs a witness at a third place: without it neither site goes on when the other is lost; add e.g. witness: { address: 192.0.2.7 }",
    },
  ];
}

/** Two copies at a site are on two disks, or they are one. */
export function disksForCopies({ storage, sites }: Draft): Finding[] {
  if (storage?.kind !== "ceph" || storage.copies !== 4) return [];
  return entriesOf(sites).flatMap(([site, entry]) => {
    const disks = entry.disks?.ceph;
    if (disks === undefined || disks.length !== 1) return [];
    const message = `four copies need two disks at both sites; ${site} has one, add another or write storage: { copies: 2 }`;
    return [{ path: ["sites", site, "disks", "ceph"], message }];
  });
}

/** A disk has one use. */
export function diskTwice({ sites }: Draft): Finding[] {
  return entriesOf(sites).flatMap(([site, { disks }]) => {
    const base: Path = ["sites", site, "disks"];
    const ceph = (disks?.ceph ?? []).map((device, index): [string | undefined, Path] => [
      device,
      [...base, "ceph", index],
    ]);
    const uses = [[disks?.vm, [...base, "vm"]] as const, ...ceph];
    return uses.flatMap(([device, path], index) => {
      const twin = uses.slice(0, index).find(([other]) => other !== undefined && other === device);
      if (twin === undefined) return [];
      return [{ path, message: `${device} is already ${formatPath(twin[1])}; a disk has one use`, seeAlso: twin[1] }];
    });
  });
}
