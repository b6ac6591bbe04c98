import { alike, type HealthTheme } from "./code.ts";

const restart =
  "are the zstores up (`zctl status`)? Then on both: `systemctl restart ceph-mds@SITE`, and `journalctl -u ceph-mds@SITE -n 50` says why it ended";
const evict =
  "At last, on a zstore: `ceph tell mds.zcloud:0 client evict id=ID`; what it has not written out is lost then, and its host must mount anew";

export const files: HealthTheme = {
  title: "The file system",
  about:
    "Volumes with files are directories of the file system `zcloud`. The MDS of one site keeps their names and who has what open, the other's stands by; each is the unit `ceph-mds@SITE` on its zstore.",
  codes: {
    MDS_ALL_DOWN: {
      urgency: "now",
      means: "no MDS is in service: volumes with files stand still",
      remedy: `${restart}. Ended because of damage: MDS_DAMAGE`,
      words: "detail",
    },
    FS_WITH_FAILED_MDS: {
      urgency: "now",
      means: "the MDS has ended and no other takes over: volumes with files stand still",
      remedy: restart,
      words: "detail",
    },
    MDS_UP_LESS_THAN_MAX: {
      urgency: "now",
      means: "no MDS serves the file system, where one should: volumes with files stand still",
      remedy: restart,
      words: "detail",
    },
    FS_DEGRADED: {
      urgency: "now",
      means: "another MDS is taking over: volumes with files stand still until it has, mostly less than a minute",
      remedy:
        "wait a minute. Then on a zstore: `ceph fs dump` says in which state (up:replay, up:reconnect, ...) it stands; are the disks in service (PG_AVAILABILITY)?",
      words: "none",
    },
    MDS_DAMAGE: {
      urgency: "now",
      means:
        "names or properties of files are damaged: what is below can't be read, and may be lost; without any MDS left that is everything",
      remedy:
        "on both zstores, `journalctl -u ceph-mds@SITE -n 100` says why; where an MDS is left, `ceph tell mds.zcloud:0 damage ls` says which files. Stop what writes there, and get it from a snapshot or a backup; repair only by Ceph's own guide to disaster recovery",
      words: "detail",
    },
    MDS_READ_ONLY: {
      urgency: "now",
      means: "volumes with files can be read and not changed, because the MDS could not write",
      remedy:
        "is a disk full or away (OSD_FULL, PG_AVAILABILITY)? When that is mended, on a zstore: `ceph mds fail zcloud:0`, and the other site's MDS takes over",
      words: "detail",
    },
    MDS_SLOW_METADATA_IO: {
      urgency: "now",
      means: "the MDS has waited for disks for more than 30 s, and who opens or makes files waits with it",
      remedy: "as SLOW_OPS and PG_AVAILABILITY",
      words: "detail",
    },
    MDS_SLOW_REQUEST: {
      urgency: "now",
      means: "who opens or makes files has waited for more than 30 s",
      remedy:
        "is MDS_SLOW_METADATA_IO or MDS_CLIENT_LATE_RELEASE there, too? That first. Else on a zstore: `ceph tell mds.zcloud:0 ops` says what they wait for",
      words: "detail",
    },
    ...alike(["MDS_CLIENT_LATE_RELEASE", "MDS_CLIENT_LATE_RELEASE_MANY"], {
      urgency: "now",
      means: "a host does not give back files that others want: those wait",
      remedy: `is that host hanging? Restart what runs there. ${evict}`,
      words: "detail",
    }),
    MDS_CLIENTS_BROKEN_ROOTSQUASH: {
      urgency: "now",
      means:
        "a host whose key has root_squash may lose what it writes, because its Ceph client is too old; none of our keys has it",
      remedy: "upgrade Ceph's client on that host, or give it a key without root_squash",
      words: "detail",
    },
    MDS_INSUFFICIENT_STANDBY: {
      urgency: "soon",
      means: "no second MDS stands by: when the one that serves ends, volumes with files stand still",
      remedy:
        "is the other site's zstore up (`zctl status`)? Then there: `systemctl restart ceph-mds@SITE`, `journalctl -u ceph-mds@SITE -n 50`",
      words: "none",
    },
    MDS_TRIM: {
      urgency: "soon",
      means: "the MDS's journal grows, because it is written out too slowly: a take-over would take long",
      remedy: "are disks slow (SLOW_OPS, MDS_SLOW_METADATA_IO)? If not, wait, and do not restart the MDS meanwhile",
      words: "detail",
    },
    MDS_CACHE_OVERSIZED: {
      urgency: "soon",
      means: "the MDS uses half more memory than it may, and could be ended for it",
      remedy:
        "on a zstore: `ceph tell mds.zcloud:0 cache drop` asks for it back; hosts that do not give it: MDS_CLIENT_RECALL",
      words: "detail",
    },
    ...alike(["MDS_CLIENT_RECALL", "MDS_CLIENT_RECALL_MANY"], {
      urgency: "soon",
      means: "a host keeps hold of many files although the MDS asks for them back: the MDS may run out of memory",
      remedy: `does something there go through all files (a backup, a search)? Let it end. ${evict}`,
      words: "detail",
    }),
    MDS_CLIENTS_LAGGY: {
      urgency: "soon",
      means:
        "a host does not answer the MDS, and keeps its files because disks are slow, too: others may wait for them",
      remedy: "disks first (OSD_DOWN, SLOW_OPS); then is that host up (`zctl status`)?",
      words: "detail",
    },
    ...alike(["MDS_CLIENT_OLDEST_TID", "MDS_CLIENT_OLDEST_TID_MANY"], {
      urgency: "know",
      means:
        "a host never says which of its requests are done, so the MDS remembers them all: an error of its Ceph client",
      remedy: "restart that host, or mount anew there, when nobody is disturbed",
      words: "detail",
    }),
  },
};
