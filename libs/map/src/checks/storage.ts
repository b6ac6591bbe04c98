import { type Draft, entriesOf } from "../draft.ts";
import type { Finding } from "../findings.ts";
import { formatPath } from "../problems.ts";

/** Ceph decides between two sites by a third place, and needs disks at both. */
export function cephNeeds({ storage, sites, witness }: Draft): Finding[] {
  if (storage?.kind !== "ceph" || sites === undefined) return [];
  const named = entriesOf(sites);
  const path = ["storage", "kind"];
  if (Object.keys(sites).length < 2)
    return [{ path, message: "ceph needs two sites; add the other, or write local until you have it" }];
  const findings: Finding[] = [];
  if (witness === undefined)
    findings.push({ path, message: "ceph needs a witness at a third place; add e.g. witness: { address: 192.0.2.7 }" });
  for (const [site, { disks }] of named) {
    if ((disks?.ceph?.length ?? 0) > 0) continue;
    findings.push({
      path: ["sites", site, "disks", "ceph"],
      message: `ceph needs a disk at both sites; ${site} has none, add e.g. ceph: [/dev/nvme1n1]`,
    });
  }
  return findings;
}

/** A disk has one use. */
export function diskTwice({ sites }: Draft): Finding[] {
  return entriesOf(sites).flatMap(([site, { disks }]) => {
    const base = ["sites", site, "disks"];
    const uses = [{ device: disks?.vm, path: [...base, "vm"] as (string | number)[] }];
    for (const [index, device] of (disks?.ceph ?? []).entries()) uses.push({ device, path: [...base, "ceph", index] });
    return uses.flatMap(({ device, path }, index) => {
      const twin = uses.slice(0, index).find((use) => use.device !== undefined && use.device === device);
      return twin === undefined
        ? []
        : [{ path, message: `${device} is already ${formatPath(twin.path)}; a disk has one use`, seeAlso: twin.path }];
    });
  });
}
