import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, rootfsPath, startDaemon } from "@zcloud/testing";

/**
 * The hosts' own sshd, in the hosts' userland with a layer over it that vanishes with its namespaces; it listens on this
 * machine's loopback. Its /etc/ssh is `directory`/etc/ssh.
 */
const launch = `set -eu
mount -t tmpfs layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$(readlink -f "$2"),upperdir=$1/upper,workdir=$1/work" layer "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
mkdir -p "$1/root/run/sshd"
mount --bind "$3/etc/ssh" "$1/root/etc/ssh"
exec chroot "$1/root" /usr/sbin/sshd -D -e -p "$4" -o ListenAddress=127.0.0.1 -o PidFile=none`;

export interface TestSshd extends Daemon {
  /** Command line that runs a program where this sshd is. */
  inside(...argv: readonly string[]): readonly string[];
  /** Shell command that has it read its files again. */
  readonly hup: string;
}

/** Starts it on a port, and waits until it answers. What is in `directory`/etc/ssh wins over the userland's. */
export async function startSshd(directory: string, port: number): Promise<TestSshd> {
  const layer = join(directory, "layer");
  mkdirSync(layer, { recursive: true });
  mkdirSync(join(directory, "etc/ssh"), { recursive: true });
  execFileSync("cp", ["-R", "--no-clobber", `${rootfsPath}/etc/ssh/.`, join(directory, "etc/ssh")]);
  const namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"] as const;
  const argv = [...namespaces, "sh", "-c", launch, "sh", layer, rootfsPath, directory, String(port)] as const;
  const daemon = await startDaemon(argv, port);
  return {
    ...daemon,
    inside: (...words) => ["nsenter", `--mount=/proc/${daemon.pid}/ns/mnt`, "chroot", `${layer}/root`, ...words],
    hup: `kill -HUP $(cat /proc/${daemon.pid}/task/${daemon.pid}/children)`,
  };
}
