/** Where our settings of journald are; after the image's own (journald.conf.d(5): the last one wins). */
export const settingsPath = "/etc/systemd/journald.conf.d/60-zcloud-logs.conf";

const MiB = 1024 * 1024;

/** Bytes of the journal on a host with a disk of `disk` bytes: a twentieth, at least 64 MiB, at most 1 GiB. */
export function journalSize(disk: number): number {
  const size = Math.min(1024 * MiB, Math.max(64 * MiB, disk / 20));
  return Math.floor(size / MiB) * MiB;
}

/**
 * The journal is what znet has not taken yet, and the host's own short memory: on disk, within bounds, at most 5 s behind
 * a power cut.
 * @param shed debug lines are not kept
 */
export function renderJournald(bytes: number, shed: boolean): string {
  return `# Written by zCloud; changes are overwritten.
[Journal]
Storage=persistent
SystemMaxUse=${bytes / MiB}M
# What is in memory, before the disk is there.
RuntimeMaxUse=16M
SyncIntervalSec=5s
ForwardToSyslog=no
ForwardToWall=no
# For each service; what a service says beyond it is counted and dropped, so that no other's lines are pushed out.
RateLimitIntervalSec=30s
RateLimitBurst=100000
${shed ? "# The queue for znet is full, and has no old debug lines any more: new ones are left out until it is empty.\nMaxLevelStore=info\n" : ""}`;
}
