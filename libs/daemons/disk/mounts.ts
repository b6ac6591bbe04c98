/** Types of file systems that fill up here. Never a network's: to ask one that hangs is to hang. */
const local = new Set(["btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"]);
/** Others' own, the kernel's, and those that systemd and podman make for one program each. */
const aside = /^\/(dev|proc|sys|run\/(credentials|user|systemd|netns|containers)|var\/lib\/containers\/storage)(\/|$)/;

/**
 * Where the file systems of this machine are mounted, by /proc/PID/mountinfo (proc_pid_mountinfo(5)): each once, at its shortest
 * place, in order. A service's sandbox has many views of the same one.
 */
export function localMounts(mountinfo: string): readonly string[] {
  const places = new Map<string, string>();
  for (const line of mountinfo.split("\n")) {
    const [about = "", kind = ""] = line.split(" - ");
    const [, , device = "", , place = ""] = about.split(" ");
    const [type = ""] = kind.split(" ");
    if (!place.startsWith("/") || !local.has(type) || aside.test(place)) continue;
    // Spaces and the like, as \040.
    const path = place.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
    const before = places.get(device);
    if (before === undefined || path.length < before.length) places.set(device, path);
  }
  return [...places.values()].sort();
}

/** A file system, and how full it is. */
export interface Disk {
  /** Where it is mounted: `/`, `/var/lib/containers`. */
  readonly place: string;
  /** Bytes that are left. */
  readonly free: number;
  /** Part of it that is taken, 0 to 1: of its bytes, or of its inodes if that is more. */
  readonly used: number;
  readonly short: "bytes" | "inodes";
}

export const dfColumns = "--output=used,avail,iused,iavail,target";

/** What `df --block-size=1` says in these columns; a file system that does not count inodes has none to run out of. */
export function parseDf(said: string): readonly Disk[] {
  return said
    .trim()
    .split("\n")
    .slice(1)
    .flatMap((line): Disk[] => {
      const [used = Number.NaN, free = Number.NaN, ...inodes] = line.trim().split(/\s+/, 4).map(count);
      const place = line.slice(line.indexOf("/"));
      if (Number.isNaN(used) || Number.isNaN(free) || used + free === 0 || !place.startsWith("/")) return [];
      const bytes = used / (used + free);
      const [taken = 0, left = 0] = inodes;
      const numbers = left + taken > 0 ? taken / (taken + left) : 0;
      return numbers > bytes
        ? [{ place, free, used: numbers, short: "inodes" }]
        : [{ place, free, used: bytes, short: "bytes" }];
    });
}

const count = (text: string): number => (text === "-" ? 0 : Number(text));
