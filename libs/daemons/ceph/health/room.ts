import { alike, type HealthTheme } from "./code.ts";

const whose = "on a zstore, `ceph df` and `ceph osd df` say what takes the room";
const more = "a disk more at each site: disks.ceph in the map, then `zctl apply`";

export const room: HealthTheme = {
  title: "Room",
  about:
    "Ceph warns at 85 %, moves nothing more onto a disk at 90 %, and takes no writes at 95 %. Deleting is possible all along.",
  codes: {
    OSD_FULL: {
      urgency: "now",
      means: "a disk is full (95 %): nothing can be written to any volume; reading and deleting go on",
      remedy: `delete what nobody needs; ${whose}. To write at once, and for the time of cleaning only: \`ceph osd set-full-ratio 0.96\`, and 0.95 afterwards. Then ${more}`,
      words: "detail",
    },
    POOL_FULL: {
      urgency: "now",
      means: "a pool takes no more writes: its disks are full, or somebody gave it a quota",
      remedy:
        "no space: as OSD_FULL. Out of quota, on a zstore: `ceph osd pool get-quota POOL`, and `ceph osd pool set-quota POOL max_bytes 0` (or max_objects) takes it away",
      words: "detail",
    },
    PG_RECOVERY_FULL: {
      urgency: "now",
      means: "lost copies can't be made again, because a disk is full",
      remedy: "as OSD_FULL",
    },
    OSD_BACKFILLFULL: {
      urgency: "soon",
      means:
        "a disk is 90 % full: copies can't be made on it any more, and at 95 % nothing can be written to any volume",
      remedy: `delete what nobody needs; ${whose}. Then ${more}`,
      words: "detail",
    },
    POOL_BACKFILLFULL: {
      urgency: "soon",
      means: "a pool's disks are 90 % full: copies can't be made on them any more, and at 95 % nothing can be written",
      remedy: "as OSD_BACKFILLFULL",
      words: "detail",
      toldBy: ["OSD_BACKFILLFULL", "OSD_FULL"],
    },
    PG_BACKFILL_FULL: {
      urgency: "soon",
      means: "some second copies can't be made, because a disk is 90 % full",
      remedy: "as OSD_BACKFILLFULL",
    },
    OSD_NEARFULL: {
      urgency: "soon",
      means: "a disk is 85 % full; at 95 % nothing can be written to any volume",
      remedy: `delete what nobody needs; ${whose}. Or ${more}`,
      words: "detail",
    },
    POOL_NEARFULL: {
      urgency: "soon",
      means: "a pool's disks are 85 % full; at 95 % nothing can be written to it",
      remedy: "as OSD_NEARFULL",
      words: "detail",
      toldBy: ["OSD_NEARFULL", "OSD_BACKFILLFULL", "OSD_FULL"],
    },
    POOL_NEAR_FULL: {
      urgency: "soon",
      means: "a pool has nearly used up the quota that somebody gave it; then it takes no more writes",
      remedy: "on a zstore: `ceph osd pool set-quota POOL max_bytes 0` takes it away",
      words: "detail",
    },
    OSD_OUT_OF_ORDER_FULL: {
      urgency: "soon",
      means:
        "somebody set the marks at which disks count as full so that they contradict each other: the warning may come too late",
      remedy:
        "on a zstore: `ceph osd set-nearfull-ratio 0.85`, `ceph osd set-backfillfull-ratio 0.9`, `ceph osd set-full-ratio 0.95`",
      words: "detail",
    },
    PG_SLOW_SNAP_TRIMMING: {
      urgency: "know",
      means: "the room of deleted snapshots comes back slowly: more were deleted than the disks clean up",
      remedy:
        "nothing, if it is gone the next day; else delete fewer at a time, and see whether a disk is slow (SLOW_OPS)",
    },
    ...alike(["POOL_TARGET_SIZE_BYTES_OVERCOMMITTED", "POOL_HAS_TARGET_SIZE_BYTES_AND_RATIO"], {
      urgency: "know",
      means:
        "somebody told Ceph how large a pool will become, and that contradicts the disks, or itself; nothing depends on it",
      remedy: "on a zstore: `ceph osd pool set POOL target_size_bytes 0`",
      words: "detail",
    }),
  },
};
