import { alike, type HealthTheme } from "./code.ts";

export const monitors: HealthTheme = {
  title: "Monitors and keys",
  about:
    "Three monitors decide by majority: each site's, and the witness's. NAME is the site, or `witness`; each is the unit `ceph-mon@NAME` on its zstore, or on the witness (`zctl ssh witness`).",
  codes: {
    MON_DISK_CRIT: {
      urgency: "now",
      means:
        "a monitor's machine has all but no room left (5 %; 1 % with the profile lab): without any the monitor ends",
      remedy: "on that zstore or the witness: `df -h /var/lib/ceph`, `du -xh / | sort -h | tail -20`; make room there",
      words: "detail",
    },
    MON_DOWN: {
      urgency: "soon",
      means:
        "one of the three monitors is away: the other two go on, but without one more of them no volume can be read or written anywhere",
      remedy:
        "is its site up, and the link to it (`zctl status`; the witness: `zctl ssh witness`)? Then there: `systemctl restart ceph-mon@NAME`, `journalctl -u ceph-mon@NAME -n 50`",
      words: "detail",
    },
    MON_CLOCK_SKEW: {
      urgency: "soon",
      means:
        "clocks of monitors differ by more than 0.05 s; when it is seconds, they can't agree any more and all volumes stand still",
      remedy:
        "`zctl status` names a host whose clock is wrong. On that zstore: `chronyc tracking`; on the witness: `timedatectl`. It is over half a minute after the clock is right",
      words: "detail",
    },
    MON_DISK_LOW: {
      urgency: "soon",
      means: "a monitor's machine has little room left (30 %; 3 % with the profile lab); without any the monitor ends",
      remedy: "on that zstore or the witness: `df -h /var/lib/ceph`, `du -xh / | sort -h | tail -20`; make room there",
      words: "detail",
    },
    MON_DISK_BIG: {
      urgency: "know",
      means: "a monitor has written down more than 15 GiB, mostly because something has been incomplete for long",
      remedy: "mend what else is told first (PG_DEGRADED); then on a zstore: `ceph tell mon.NAME compact`",
      words: "detail",
    },
    DAEMON_OLD_VERSION: {
      urgency: "know",
      means: "some daemons have run an older version than others for a week: an upgrade stopped half way",
      remedy:
        "on a zstore: `ceph versions`. Upgrade who is behind (docs/operations.md#security-upgrades), then restart its daemons, `systemctl restart ceph.target`, one site after the other, the second once `ceph -s` is as before",
      words: "detail",
    },
    AUTH_BAD_CAPS: {
      urgency: "know",
      means: "what a key may do can't be understood: whoever has it may be refused",
      remedy:
        "on a zstore: `ceph auth get ENTITY`; then `ceph auth caps ENTITY ...`, or `ceph auth rm ENTITY` if nobody uses it",
      words: "detail",
    },
    ...alike(["AUTH_INSECURE_GLOBAL_ID_RECLAIM", "AUTH_INSECURE_GLOBAL_ID_RECLAIM_ALLOWED"], {
      urgency: "know",
      means:
        "somebody allowed old clients a way to connect by which others could take their place; our configuration forbids it",
      remedy:
        "upgrade that client, if there is one; then, one site after the other, on its zstore: `systemctl restart ceph-mon@SITE`",
      words: "detail",
    }),
    MON_MSGR2_NOT_ENABLED: {
      urgency: "know",
      means: "a monitor is known by an address without encryption only; ours have others, so somebody added it",
      remedy: "on a zstore: `ceph mon dump` shows it; if it is none of the three, `ceph mon rm NAME`",
      words: "detail",
    },
  },
};
