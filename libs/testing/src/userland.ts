import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { atExit } from "./at-exit.ts";
import { unmount } from "./left-behind.ts";
import { imageBelow } from "./rootfs.ts";
import { tempDir } from "./temp-dir.ts";

/** The disk of a host of some role, which a test may write to; nothing runs on it by itself. */
export interface Userland {
  /** Where it is on this machine. */
  readonly root: string;
  /** Command line that runs a program in it, with this machine's network and processes. */
  command(...argv: readonly string[]): readonly [string, ...string[]];
}

/** A role's userland with its packages, mounted until this process ends. Needs root. */
export function userland(role: string): Userland {
  const directory = tempDir("zcloud-userland-");
  const [root, upper, work] = ["root", "upper", "work"].map((name) => `${directory}/${name}`) as [
    string,
    string,
    string,
  ];
  for (const path of [root, upper, work]) mkdirSync(path);
  const layers = `lowerdir=${imageBelow(role)},upperdir=${upper},workdir=${work}`;
  execFileSync("mount", ["-t", "overlay", "-o", layers, "zcloud-test", root]);
  // Before the directory goes: the latest is cleaned up first.
  atExit(() => unmount(directory));
  return { root, command: (...argv) => ["unshare", "--mount", "sh", "-ec", inside, root, ...argv] };
}

/** Devices in a mount namespace that ends with the program: whoever removes what a killed test left must not meet them. */
const inside = 'mount -t proc proc "$0/proc"; mount --rbind /dev "$0/dev"; exec chroot "$0" "$@"';
