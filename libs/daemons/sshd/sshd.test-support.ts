import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, rootfsPath, startDaemon } from "@zcloud/testing";

/**
 * The hosts' own sshd, in the hosts' userland with a layer over it that vanishes with its namespaces; it listens on this
 * machine's loopback. What is in `directory`/etc is laid over /etc first.
 */
const launch = `set -eu
mount -t tmpfs layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$(readlink -f "$2"),upperdir=$1/upper,workdir=$1/work" layer "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
mkdir -p "$1/root/run/sshd"
cp -R --no-preserve=ownership "$3/etc/." "$1/root/etc/"
chmod -R go-w "$1/root/etc/ssh"
find "$1/root/etc/ssh" -name '*_key' -exec chmod 600 {} +
exec chroot "$1/root" /usr/sbin/sshd -D -e -p "$4" -o ListenAddress=127.0.0.1 -o PidFile=none`;

/** Starts it on a port, and waits until it answers. */
export function startSshd(directory: string, port: number): Promise<Daemon> {
  const layer = join(directory, "layer");
  mkdirSync(layer, { recursive: true });
  const namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"] as const;
  return startDaemon([...namespaces, "sh", "-c", launch, "sh", layer, rootfsPath, directory, String(port)], port);
}
