import { alike, type HealthCode, type HealthTheme } from "./code.ts";

const newDisk = "docs/operations.md#a-disk-of-ceph-is-broken";

const slowDisk: HealthCode = {
  urgency: "know",
  means: "within a day a disk needed more than 5 s for something: it is overloaded, or about to fail",
  remedy: `\`zctl ssh SITE/zcloud 'journalctl -k -n 100'\` says what the machine sees of it; replace it if it comes again: ${newDisk}`,
  words: "detail",
};

const slowLine: HealthCode = {
  urgency: "soon",
  means:
    "disks hear each other late, because the link between the sites or a machine is slow; beyond the profile's patience a site counts as lost",
  remedy:
    "on a zstore: `ceph tell osd.N dump_osd_network` says between whom. If the link is always like that: storage.profile wide, in the map",
};

/** Types of the CRUSH map that ours has no node of. */
const otherTypes = ["CHASSIS", "RACK", "ROW", "PDU", "POD", "ROOM", "ZONE", "REGION"];

export const disks: HealthTheme = {
  title: "Disks",
  about:
    "A disk is an OSD of Ceph, `osd.N`, kept by the unit `ceph-osd@N` on its site's zstore. `ceph osd tree` says which is where.",
  codes: {
    OSD_ROOT_DOWN: {
      urgency: "now",
      means: "all disks of both sites are out of service: no volume can be read or written",
      remedy:
        "are the zstores up (`zctl status`)? Then on both: `systemctl restart ceph-osd.target`, and `journalctl -u 'ceph-osd@*' -n 50` says why they ended",
      words: "detail",
    },
    OSD_DATACENTER_DOWN: {
      urgency: "soon",
      means:
        "all disks of a site are out of service: the other site goes on alone, and nothing has a second copy until they are back",
      remedy:
        "is that site up, and the link to it (`zctl status`)? Then on its zstore: `systemctl restart ceph-osd.target`, `journalctl -u 'ceph-osd@*' -n 50`. It catches up by itself",
      words: "detail",
      toldBy: ["OSD_ROOT_DOWN"],
    },
    OSD_HOST_DOWN: {
      urgency: "soon",
      means:
        "all disks of a zstore are out of service: the other site goes on alone, and nothing has a second copy until they are back",
      remedy:
        "is that zstore up (`zctl status`)? Then there: `systemctl restart ceph-osd.target`, `journalctl -u 'ceph-osd@*' -n 50`. It catches up by itself",
      words: "detail",
      toldBy: ["OSD_DATACENTER_DOWN", "OSD_ROOT_DOWN"],
    },
    OSD_DOWN: {
      urgency: "soon",
      means:
        "a disk is out of service: what is on it has no second copy until it is back, or until Ceph has made one on other disks of that site",
      remedy: `is its zstore up (\`zctl status\`)? Then there: \`systemctl restart ceph-osd@N\`, \`journalctl -u ceph-osd@N -n 50\`. Broken for good: ${newDisk}`,
      words: "detail",
      toldBy: ["OSD_HOST_DOWN", "OSD_DATACENTER_DOWN", "OSD_ROOT_DOWN"],
    },
    TOO_FEW_OSDS: {
      urgency: "soon",
      means: "Ceph has fewer disks than copies to keep: there is no second copy",
      remedy:
        "`zctl status` says which disk of the map is missing or not empty; else on that site's zstore: `journalctl -u zcloud-zstore -n 50`",
    },
    OSD_TOO_MANY_REPAIRS: {
      urgency: "soon",
      means:
        "a disk gave back wrong data more than ten times: the other copy was used each time, and the disk is failing",
      remedy: `replace it, while the other site's copies are whole: ${newDisk}`,
      words: "detail",
    },
    BLUESTORE_SPURIOUS_READ_ERRORS: {
      urgency: "know",
      means: "a disk could be read only at a second try: it may be about to fail",
      remedy: slowDisk.remedy,
      words: "detail",
    },
    ...alike(["BLUESTORE_SLOW_OP_ALERT", "BLOCK_DEVICE_STALLED_READ_ALERT"], slowDisk),
    BLUESTORE_DISK_SIZE_MISMATCH: {
      urgency: "soon",
      means: "a disk is not as large as Ceph wrote down when it began with it: its daemon may crash",
      remedy: `was it, or its file, made smaller or larger? Give Ceph a new one in its place, while the other site's copies are whole: ${newDisk}`,
      words: "detail",
    },
    DEVICE_HEALTH: {
      urgency: "soon",
      means: "a disk is expected to fail within twelve weeks",
      remedy: `on a zstore: \`ceph device ls\` says when. Replace it before: ${newDisk}`,
      words: "detail",
    },
    DEVICE_HEALTH_IN_USE: {
      urgency: "soon",
      means: "a disk that is expected to fail was taken out of use, and its data can't go elsewhere at that site",
      remedy: `replace it: ${newDisk}`,
      words: "detail",
    },
    DEVICE_HEALTH_TOOMANY: {
      urgency: "soon",
      means: "more disks are expected to fail than Ceph may take out of use by itself",
      remedy: `on a zstore: \`ceph device ls\` says which. Replace them one after the other: ${newDisk}`,
      words: "detail",
    },
    ...alike(["OSD_SLOW_PING_TIME_FRONT", "OSD_SLOW_PING_TIME_BACK"], slowLine),
    OSDMAP_FLAGS: {
      urgency: "soon",
      now: /pauserd|pausewr/,
      means:
        "somebody told Ceph to leave things undone, which weakens it as long as it lasts; with pauserd or pausewr nobody can read or write",
      remedy:
        "when nobody needs it any more, on a zstore: `ceph osd unset FLAG`; against pauserd and pausewr: `ceph osd unset pause`",
    },
    OSD_FLAGS: {
      urgency: "soon",
      means: "somebody told Ceph not to notice, not to replace, or not to take back certain disks",
      remedy: "when nobody needs it any more, on a zstore: `ceph osd unset-group noup,nodown,noin,noout WHO`",
      words: "detail",
    },
    OSD_NO_DOWN_OUT_INTERVAL: {
      urgency: "know",
      means:
        "the copies of a disk that stays away are never made again on that site's other disks: somebody set mon_osd_down_out_interval to 0",
      remedy:
        "on a zstore: `ceph config dump` says for whom, `ceph config rm WHO mon_osd_down_out_interval` takes it back",
    },
    OSD_ORPHAN: {
      urgency: "know",
      means: "a disk that is no more still has its place in the map of disks (CRUSH)",
      remedy: "on a zstore: `ceph osd crush rm osd.N`",
      words: "detail",
    },
    OSD_UNREACHABLE: {
      urgency: "know",
      means: "somebody set public_network, which we leave empty, and the address of a disk's daemon is not in it",
      remedy: "on a zstore: `ceph config dump` says for whom, `ceph config rm WHO public_network` takes it back",
      words: "detail",
    },
    OSD_UPGRADE_FINISHED: {
      urgency: "know",
      means: "all disks' daemons run a newer release, and its features are still off; once on, there is no way back",
      remedy: "when the release has proved itself, on a zstore: `ceph osd require-osd-release RELEASE`",
    },
    BLUESTORE_NO_COMPRESSION: {
      urgency: "know",
      means: "a disk's daemon can't load what it would compress with, which we do not use",
      remedy:
        "was Ceph upgraded and the daemon not restarted? On its zstore, while the other site is whole: `systemctl restart ceph-osd@N`",
      words: "detail",
    },
    ...alike(
      otherTypes.map((type) => `OSD_${type}_DOWN`),
      {
        urgency: "soon",
        means:
          "all disks of a part of the map of disks (CRUSH) are out of service; ours has no such parts, so somebody changed it",
        remedy: "as OSD_DOWN; on a zstore, `ceph osd tree` shows the map",
        words: "detail",
      },
    ),
  },
};
