import { alike, type HealthTheme } from "./code.ts";

export const managers: HealthTheme = {
  title: "Managers",
  about:
    "The manager of one site counts, and does what is asked for by name (volumes, snapshots); the other's stands by. Each is the unit `ceph-mgr@SITE` on its zstore. Without one volumes are read and written as ever.",
  codes: {
    MGR_DOWN: {
      urgency: "soon",
      means:
        "no manager is in service: volumes are read and written as ever, but numbers stand still, and what Ceph says of data is old",
      remedy:
        "are the zstores up (`zctl status`)? Then on both: `systemctl restart ceph-mgr@SITE`, `journalctl -u ceph-mgr@SITE -n 50`",
      words: "none",
    },
    MGR_MODULE_ERROR: {
      urgency: "know",
      means: "a part of the manager has ended with an error: what it does is left undone",
      remedy:
        "on a zstore: `ceph mgr fail`, and the other site's manager takes over; on the zstore where it ran, `journalctl -u ceph-mgr@SITE -n 100` says why",
    },
    MGR_MODULE_DEPENDENCY: {
      urgency: "know",
      means: "a part of the manager can't be loaded: what it does is left undone",
      remedy:
        "are all files of ours there (`zctl plan`)? Then on the zstore: `systemctl restart ceph-mgr@SITE`; `ceph mgr module ls` says what is on",
    },
    RECENT_CRASH: {
      urgency: "know",
      means: "a daemon crashed within two weeks, and came back",
      remedy: "on a zstore: `ceph crash ls-new`, `ceph crash info ID`; when it was read: `ceph crash archive-all`",
      words: "detail",
    },
    RECENT_MGR_MODULE_CRASH: {
      urgency: "know",
      means: "a part of the manager crashed within two weeks",
      remedy: "on a zstore: `ceph crash ls-new`, `ceph crash info ID`; when it was read: `ceph crash archive-all`",
      words: "detail",
    },
    TELEMETRY_CHANGED: {
      urgency: "know",
      means: "somebody lets Ceph report to its makers, and they want to know more than before",
      remedy: "on a zstore: `ceph telemetry off`",
      words: "none",
    },
    ...alike(["DEVICE_IDENT_ON", "DEVICE_FAULT_ON"], {
      urgency: "know",
      means: "somebody switched on the light of a disk",
      remedy: "on a zstore: `ceph device light off ID`",
      words: "detail",
    }),
  },
};
