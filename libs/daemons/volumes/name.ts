/** A volume of a stack: what people write as `garden/wiki/pages`. Each part is 1 to 40 of a-z, 0-9 and -. */
export interface VolumeId {
  readonly tenant: string;
  readonly stack: string;
  readonly volume: string;
}

const part = "[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?";
const subvolume = new RegExp(`^(${part})\\.(${part})\\.(${part})$`);
const written = new RegExp(`^(${part})/(${part})/(${part})$`);

function idOf(found: RegExpExecArray | null): VolumeId | undefined {
  const [, tenant, stack, volume] = found ?? [];
  if (tenant === undefined || stack === undefined || volume === undefined) return undefined;
  return { tenant, stack, volume };
}

/** `garden/wiki/pages`; undefined: that is no volume's name. */
export const parseVolume = (text: string): VolumeId | undefined => idOf(written.exec(text));

export const volumeName = ({ tenant, stack, volume }: VolumeId): string => `${tenant}/${stack}/${volume}`;

/**
 * Its name in CephFS, `garden.wiki.pages`. Ceph names the namespace of its objects by this alone, whatever the group: it carries the
 * tenant, so that no two tenants ever share one.
 */
export const subvolumeOf = ({ tenant, stack, volume }: VolumeId): string => `${tenant}.${stack}.${volume}`;

/** Undefined: nobody here made that. */
export const parseSubvolume = (name: string): VolumeId | undefined => idOf(subvolume.exec(name));

/** Who may mount a tenant's volumes on a host, `zcloud.north.zpod1.garden`: Ceph's client of that name. */
export const clientOf = (host: string, tenant: string): string => `zcloud.${host.replace("/", ".")}.${tenant}`;
