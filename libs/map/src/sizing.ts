import { defaults } from "./defaults.ts";
import type { Role } from "./model.ts";
import { parseSize } from "./units.ts";

export type VmRole = Exclude<Role, "zcloud" | "witness">;
export const vmRoles = ["znet", "zfront", "zstore", "zpod", "zmah"] as const satisfies readonly VmRole[];

interface SizeInFile {
  readonly cpus?: number | undefined;
  readonly memory?: string | undefined;
  readonly disk?: string | undefined;
  readonly count?: number | undefined;
}

type SizesInFile = { readonly [R in VmRole]?: SizeInFile | undefined };

/** The parts of a file that size hosts; a draft of a file with problems has them too. */
export interface SizingFile {
  readonly hosts?: SizesInFile | undefined;
  readonly sites?: Readonly<Record<string, { readonly hosts?: SizesInFile | undefined } | undefined>> | undefined;
}

/** Size of a role's hosts at a site, in bytes: the site's own, else the map's, else the default. */
export function hostSize(file: SizingFile, site: string, role: VmRole): { cpus: number; memory: number; disk: number } {
  const own = file.sites?.[site]?.hosts?.[role];
  const common = file.hosts?.[role];
  const usual = defaults.hosts[role];
  return {
    cpus: own?.cpus ?? common?.cpus ?? usual.cpus,
    memory: bytes(own?.memory ?? common?.memory ?? usual.memory),
    disk: bytes(own?.disk ?? common?.disk ?? usual.disk),
  };
}

/** How many hosts of the role each site has. */
export function hostCount(file: SizingFile, role: VmRole): number {
  return file.hosts?.[role]?.count ?? 1;
}

/** Only for what the schema has accepted; anything else here is a bug. */
function bytes(size: string): number {
  const value = parseSize(size);
  if (value === undefined) throw new TypeError(`size hosts: ${size} is not a size`);
  return value;
}
