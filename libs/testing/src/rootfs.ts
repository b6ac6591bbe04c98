import { existsSync, realpathSync } from "node:fs";
import { basename, dirname } from "node:path";

/** Where the Debian 13 userland of the lab's hosts is kept; `tools/setup` puts the link there. */
export const rootfsPath: string =
  process.env["ZCLOUD_ROOTFS"] ?? `${process.env["ZCLOUD_CACHE"] ?? "/var/cache/zcloud"}/rootfs`;

/**
 * Command line that runs a program of the hosts' userland on this machine, whatever Debian this is: through that
 * userland's own dynamic loader, so it sees this machine's files. `program` is absolute inside the userland.
 */
export function debian(program: string, ...args: readonly string[]): readonly [string, ...string[]] {
  const library = "/usr/lib/x86_64-linux-gnu";
  if (!existsSync(`${rootfsPath}${program}`)) {
    throw new Error(`there is no ${program} in ${rootfsPath}; run: npm run lab -- image`);
  }
  return [
    `${rootfsPath}/lib64/ld-linux-x86-64.so.2`,
    "--library-path",
    `${rootfsPath}${library}:${rootfsPath}${library}/systemd`,
    `${rootfsPath}${program}`,
    ...args,
  ];
}

/** Roles that have packages of their own above the image (deploy/images/packages-ROLE.list). Nobody else has a word of Ceph. */
export const layeredRoles: readonly string[] = ["zpod", "zstore"];

/** The witness's monitor comes from the same packages as a zstore's. */
function layerOf(role: string): string | undefined {
  return layeredRoles.find((one) => one === (role === "witness" ? "zstore" : role));
}

/**
 * What a host of this role is mounted on, as overlayfs wants it: its role's layer, if it has one, above the image of all.
 * @throws Error if that layer was made above another image
 */
export function imageBelow(role: string, image = realpathSync(rootfsPath)): string {
  const list = layerOf(role);
  if (list === undefined) return image;
  const link = `${dirname(rootfsPath)}/layer-${list}`;
  const layer = existsSync(link) ? realpathSync(link) : undefined;
  // deploy/images/build: a layer's name has the hash of the image that it was made above.
  const hash = basename(image).replace(/^rootfs-/, "");
  if (layer === undefined || !basename(layer).startsWith(`layer-${list}-${hash}-`))
    throw new Error(`${link} does not belong to ${image}; build the hosts' images: npm run lab -- image`);
  return `${layer}:${image}`;
}
