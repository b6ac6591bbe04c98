import { alike, type HealthTheme } from "./code.ts";

export const data: HealthTheme = {
  title: "Data and its copies",
  about:
    "Data lies in pools, a pool in parts (PG, placement groups), and each part has a copy at each site. `ceph health detail` names the parts.",
  codes: {
    PG_AVAILABILITY: {
      urgency: "now",
      means: "some data can be neither read nor written: whoever asks for it waits",
      remedy:
        "bring back what is away (OSD_DOWN, MON_DOWN). If nothing is, on a zstore: `ceph health detail` names the PG, and `ceph tell PG query` says under recovery_state what it waits for. Give up no disk that may come back",
    },
    OBJECT_UNFOUND: {
      urgency: "now",
      means: "the newest state of some data is on a disk that is away: whoever asks for it waits",
      remedy:
        "bring back every disk that is away: on a zstore, `ceph osd tree` says which. Give up neither the disk nor the data before it is certain that it is lost",
    },
    PG_DAMAGED: {
      urgency: "now",
      means: "copies of some data differ, can't be read, or are not to be found: it may be lost",
      remedy:
        "on a zstore: `ceph health detail` names the PG. inconsistent: `rados list-inconsistent-obj PG --format=json-pretty` says which copy is bad, and `ceph pg repair PG` makes it anew of the good one; its disk may be failing. unfound: as OBJECT_UNFOUND",
    },
    OSD_SCRUB_ERRORS: {
      urgency: "now",
      means: "Ceph compared the copies of some data, and they differ or can't be read",
      remedy: "as PG_DAMAGED",
    },
    SLOW_OPS: {
      urgency: "now",
      means: "requests have waited for more than 30 s: whoever made them waits",
      remedy:
        "it passes by itself where a site has just gone or come. Else on a zstore: `ceph tell osd.N ops` (or mon.NAME) says what they wait for, `ceph osd perf` which disk is slow; at last, on its zstore: `systemctl restart ceph-osd@N`",
    },
    PG_DEGRADED: {
      urgency: "soon",
      means: "some data has one copy only; the second is made by itself once its disk is in service",
      remedy:
        "is a disk or a site away (OSD_DOWN)? If not, wait: on a zstore, `ceph -s` counts down. If that stands still, is there room (OSD_NEARFULL)?",
    },
    POOL_NO_REDUNDANCY: {
      urgency: "soon",
      means: "somebody made a pool with one copy only: what is in it is lost with one disk",
      remedy: "on a zstore: `ceph osd pool set POOL size 2`",
      words: "detail",
    },
    PG_NOT_DEEP_SCRUBBED: {
      urgency: "know",
      means:
        "some data was not read through and compared for more than twelve days: a copy that went bad would not be noticed",
      remedy:
        "was something away, or incomplete, for days? Then it comes by itself. On a zstore: `ceph osd dump` says whether somebody forbade it (noscrub, nodeep-scrub); `ceph pg deep-scrub PG` does it now",
    },
    PG_NOT_SCRUBBED: {
      urgency: "know",
      means: "the copies of some data were not compared for more than ten days",
      remedy: "as PG_NOT_DEEP_SCRUBBED",
    },
    POOL_SCRUB_FLAGS: {
      urgency: "know",
      means: "somebody forbade to compare the copies of a pool: one that went bad would not be noticed",
      remedy: "on a zstore: `ceph osd pool set POOL noscrub 0`, `ceph osd pool set POOL nodeep-scrub 0`",
      words: "detail",
    },
    OBJECT_MISPLACED: {
      urgency: "know",
      means: "some data is not yet where it belongs, and is being moved; all its copies are there",
      remedy: "nothing",
    },
    LARGE_OMAP_OBJECTS: {
      urgency: "know",
      means: "one piece of data has more than 200,000 entries, which makes it slow",
      remedy: "`zctl logs SITE/zstore --since 7d --grep 'Large omap object'` says which",
      words: "detail",
    },
    PENDING_CREATING_PGS: {
      urgency: "know",
      means: "parts of a new pool wait to be made, because a disk has too many already",
      remedy: "a disk more at each site (disks.ceph in the map, then `zctl apply`), or a pool less",
    },
    TOO_MANY_PGS: {
      urgency: "know",
      means: "each disk has more than 250 parts of pools, which costs memory; no pool can be made",
      remedy: "on a zstore: `ceph osd pool set POOL pg_num NUMBER` makes them fewer; ours have 16 or 32 each",
    },
    ...alike(["TOO_FEW_PGS", "POOL_TOO_FEW_PGS", "POOL_TOO_MANY_PGS", "MANY_OBJECTS_PER_PG"], {
      urgency: "know",
      means: "a pool has fewer or more parts than suits what is in it: some disks do more than others",
      remedy: "on a zstore: `ceph osd pool set POOL pg_num NUMBER`, a power of two; data is moved then",
    }),
    POOL_PG_NUM_NOT_POWER_OF_TWO: {
      urgency: "know",
      means: "a pool's parts are not alike, because their number is no power of two: some disks do more than others",
      remedy: "on a zstore: `ceph osd pool set POOL pg_num NUMBER`, a power of two; data is moved then",
      words: "detail",
    },
    SMALLER_PGP_NUM: {
      urgency: "know",
      means: "a pool was divided into more parts, and the new ones are still where the old ones were",
      remedy: "on a zstore: `ceph osd pool set POOL pgp_num NUMBER`, the number that pg_num has; data is moved then",
      words: "detail",
    },
    POOL_APP_NOT_ENABLED: {
      urgency: "know",
      means: "somebody made a pool without saying what it is for",
      remedy: "on a zstore: `ceph osd pool application enable POOL rbd`, or cephfs, or a word of your own",
      words: "detail",
    },
  },
};
