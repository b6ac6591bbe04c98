import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, startDaemon } from "@zcloud/testing";

/** A disk that forgets what was not written out when its machine's power is cut: ext4 on a file, seen by who runs `inside`. */
export interface CrashDisk {
  /** Before every command line that sees the disk. */
  readonly inside: readonly string[];
  /** Where it is for those inside. */
  readonly path: string;
  /** The same from outside. */
  readonly seen: string;
  /** Power off and on again; nobody may have a file of it open. */
  cut(): void;
  remove(): Promise<void>;
}

/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH (fs/ext4/ext4.h): from now on nothing is written, neither files nor the journal. */
const shutdown = `open F, "<", $ARGV[0] or die "$!\\n"; my $f = pack "L", 2; ioctl F, 0x8004587d, $f or die "$!\\n"`;

/** Needs loop devices. The mount is in a namespace of its own, so that it goes with this process. */
export async function crashDisk(root: string, bytes = 4 * 2 ** 30): Promise<CrashDisk> {
  const [image, path] = [join(root, "disk.ext4"), join(root, "disk")];
  mkdirSync(path);
  writeFileSync(image, "");
  truncateSync(image, bytes);
  execFileSync("mke2fs", ["-q", "-t", "ext4", image]);
  const keeper: Daemon = await startDaemon(["unshare", "--mount", "sh", "-c", "echo kept; exec sleep inf"], /kept/);
  const inside = ["nsenter", `--mount=/proc/${keeper.pid}/ns/mnt`];
  const run = (...argv: readonly string[]): void => {
    const [program = "", ...args] = [...inside, ...argv];
    execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  };
  const mount = (): void => run("mount", "-o", "loop", image, path);
  mount();
  const seen = `/proc/${keeper.pid}/root${path}`;
  if (!existsSync(join(seen, "lost+found"))) throw new Error(`mount ${image}: it is not seen at ${seen}`);
  return {
    ...{ inside, path, seen },
    cut() {
      run("perl", "-e", shutdown, path);
      run("umount", path);
      mount();
    },
    async remove() {
      run("umount", path);
      await keeper.stop("SIGKILL");
    },
  };
}
