import type { Disk } from "./mounts.ts";

/** Parts of a disk at which people are told, each once. */
const steps = [0.8, 0.9, 0.95] as const;
/** Below this there is room again. */
const roomy = 0.75;

export interface DiskNews {
  readonly kind: "disk-filling" | "disk-roomy";
  readonly level: "info" | "warning" | "error";
  readonly subject: string;
  readonly reason: string;
}

/** `/var/log is 83 % full (3.4 GB left)`. */
function inWords({ place, used, free, short }: Disk): string {
  const percent = `${Math.floor(used * 100)} % full`;
  return short === "inodes"
    ? `${place} is ${percent} (its inodes: too many files)`
    : `${place} is ${percent} (${left(free)} left)`;
}

function left(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** What is wrong, for people. */
export function diskProblems(disks: readonly Disk[]): readonly { readonly what: string; readonly remedy: string }[] {
  return disks
    .filter(({ used }) => used >= steps[0])
    .map((disk) => ({
      what: inWords(disk),
      remedy: `look what takes it: du -xh --max-depth=3 ${disk.place} | sort -h | tail; give it room before nothing can be written`,
    }));
}

/** Tells of each file system when it passes 80, 90 and 95 %, and when there is room again. */
export function watchFullness(host: string): { look(disks: readonly Disk[]): readonly DiskNews[] } {
  /** How many steps of it were told. */
  const told = new Map<string, number>();
  return {
    look(disks) {
      const news: DiskNews[] = [];
      for (const disk of disks) {
        const before = told.get(disk.place) ?? 0;
        const now = steps.filter((step) => disk.used >= step).length;
        if (now > before) {
          told.set(disk.place, now);
          const level = now === steps.length ? "error" : "warning";
          news.push({ kind: "disk-filling", level, subject: host, reason: `${inWords(disk)} at ${host}` });
        } else if (before > 0 && disk.used < roomy) {
          told.delete(disk.place);
          news.push({
            kind: "disk-roomy",
            level: "info",
            subject: host,
            reason: `${disk.place} has room again at ${host}`,
          });
        }
      }
      return news;
    },
  };
}
