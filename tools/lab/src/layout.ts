import type { HostEntry } from "@zcloud/map";

/** Each lab has a directory of its name in here. */
export const labsDirectory = "/var/lib/zcloud-lab";

/** What a lab is called and where it keeps everything. Pure. */
export interface Layout {
  readonly lab: string;
  /** Everything of this lab is under it, and goes away with it. */
  readonly directory: string;
  /** What an operator of a real installation has in his hands: map, keys, ssh_config. */
  readonly installation: string;
  readonly secrets: string;
  /** Certificate authorities that the lab's world trusts, PEM. */
  readonly trust: string;
  readonly logs: string;
  /** Resolver and certificate authority of the lab's internet. */
  readonly internet: string;
  readonly images: string;
  readonly cutsFile: string;
  /** SSH control sockets: their paths must stay under 108 bytes (unix(7)). */
  readonly sockets: string;
}

export class LabNameError extends Error {
  readonly code = "LAB_NAME";
}

/** @throws LabNameError if namespaces, cgroups and sockets could not be named after it */
export function layout(lab: string): Layout {
  if (!/^[a-z][a-z0-9]{0,15}$/.test(lab))
    throw new LabNameError(`name the lab ${JSON.stringify(lab)}: use 1 to 16 of a-z and 0-9, starting with a letter`);
  const directory = `${labsDirectory}/${lab}`;
  const installation = `${directory}/installation`;
  return {
    lab,
    directory,
    installation,
    secrets: `${installation}/secrets`,
    trust: `${installation}/trust`,
    logs: `${directory}/logs`,
    internet: `${directory}/internet`,
    images: `${directory}/images`,
    cutsFile: `${directory}/cuts.json`,
    sockets: `/run/zcloud-lab/${lab}`,
  };
}

/** Places of a lab that are no hosts of the map. */
export type Place = "internet" | "tunnel" | "client" | "witness";

/** Name of the namespace, cgroup and machine of `north/zpod1` or of a place: `zc-lab-north-zpod1`, `zc-lab-internet`. */
export function unitName(lab: string, hostOrPlace: string): string {
  return `zc-${lab}-${hostOrPlace.replace("/", "-")}`;
}

/** As the machine calls itself: `zpod1.north`, `witness`. */
export function hostName({ name, site }: HostEntry): string {
  return site === "" ? name : `${name}.${site}`;
}

export interface HostPaths {
  /** Mount point of the host's root file system while it runs. */
  readonly root: string;
  readonly upper: string;
  readonly work: string;
  /** Bound at /var/lib/containers: overlays can't be stacked on an overlay. */
  readonly containers: string;
  readonly console: string;
}

export function hostPaths(layout: Layout, id: string): HostPaths {
  const directory = `${layout.directory}/hosts/${id.replace("/", "-")}`;
  return {
    root: `${directory}/root`,
    upper: `${directory}/upper`,
    work: `${directory}/work`,
    containers: `${directory}/containers`,
    console: `${layout.logs}/${id.replace("/", "-")}.console.log`,
  };
}
