import { existsSync } from "node:fs";

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
