import type { Schedule } from "./schedule.ts";

/** Where things of the upgrades are, for tests that have them elsewhere. */
export interface UpgradePlaces {
  readonly apt: string;
  /** Scripts of the unit. */
  readonly scripts: string;
  readonly service: string;
  readonly timer: string;
  /** What became of them, across boots. */
  readonly state: string;
}

export const upgradePlaces: UpgradePlaces = {
  apt: "/etc/apt/apt.conf.d/90zcloud-upgrades",
  scripts: "/etc/zcloud-upgrades",
  service: "/etc/systemd/system/zcloud-upgrades.service",
  timer: "/etc/systemd/system/zcloud-upgrades.timer",
  state: "/var/lib/zcloud-upgrades",
};

/** apt.conf(5) of unattended-upgrade: Debian's security archive and nothing else; after Debian's own file. */
export function renderApt(reboot: "never" | "in-window"): string {
  return `// Written by zCloud from the map; changes are overwritten.
// Debian's own timers stay out of it, whoever starts them.
APT::Periodic::Enable "0";
#clear Unattended-Upgrade::Origins-Pattern;
#clear Unattended-Upgrade::Allowed-Origins;
Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=\${distro_codename}-security,label=Debian-Security"; };
// One package after the other, so that it can be stopped between two.
Unattended-Upgrade::MinimalSteps "true";
Unattended-Upgrade::AutoFixInterruptedDpkg "true";
Unattended-Upgrade::InstallOnShutdown "false";
Unattended-Upgrade::DevRelease "false";
Unattended-Upgrade::Remove-Unused-Dependencies "false";
Unattended-Upgrade::Remove-Unused-Kernel-Packages "true";
Unattended-Upgrade::Automatic-Reboot "${reboot === "in-window"}";
Unattended-Upgrade::Automatic-Reboot-WithUsers "true";
Unattended-Upgrade::Automatic-Reboot-Time "now";
// Files that zCloud wrote stay as they are, and nobody is asked.
Dpkg::Options { "--force-confdef"; "--force-confold"; };
`;
}

/**
 * Whether upgrades may begin now: a turn that was missed (the VM was off, or stood still) is not made up for outside of the
 * window, and a site is left alone while visitors could not go to the other one.
 * @param peer public address of the other site's front; undefined: there is none
 */
export function renderGuard({ days, window, until }: Schedule, peer: string | undefined): string {
  const other =
    peer === undefined
      ? "exit 0\n"
      : `# Any answer will do: it is there.
for try in 1 2 3; do
  curl --silent --show-error --output /dev/null --max-time 10 http://${peer}/ && exit 0
  sleep 5
done
echo "the other site's front does not answer: this site is not touched"
exit 1
`;
  return `#!/bin/sh
# Written by zCloud from the map; changes are overwritten.
# Ends with 0 if upgrades may begin now.
# As if the window began at midnight; 1970-01-01 was a Thursday.
at=$(($(date -u +%s) - ${window.start} * 60))
day=$(((at / 86400 + 4) % 7))
minute=$((at % 86400 / 60))
case " ${days.join(" ")} " in
  *" $day "*) ;;
  *) echo "it is the other site's day"; exit 1 ;;
esac
if [ "$minute" -gt ${until} ]; then
  echo "too late: a turn begins in the first half of the window"
  exit 1
fi
${other}`;
}

/** What became of it, when: \`success\` has the last good one. */
export function renderRecord(state: string): string {
  return `#!/bin/sh
# Written by zCloud; changes are overwritten.
[ "$SERVICE_RESULT" = exec-condition ] && exit 0
now=$(date -u +%s)
echo "$SERVICE_RESULT $now" > ${state}/last
[ "$SERVICE_RESULT" = success ] && echo "$now" > ${state}/success
exit 0
`;
}

/** A systemd unit: at the end of the window it is told to stop, and does so behind the package that it is at. */
export function renderService({ window }: Schedule, { scripts, state }: UpgradePlaces): string {
  return `# Written by zCloud from the map; changes are overwritten.
[Unit]
Description=Debian's security upgrades, in this site's window
After=network-online.target

[Service]
Type=oneshot
ExecCondition=/bin/sh ${scripts}/guard
ExecStart=/usr/bin/apt-get update --quiet -o APT::Update::Error-Mode=any
ExecStart=/usr/bin/unattended-upgrade
ExecStopPost=/bin/sh ${scripts}/record
StateDirectory=${state.slice(state.lastIndexOf("/") + 1)}
TimeoutStartSec=${Math.ceil(window.length / 2)}min
TimeoutStopSec=20min
# Only apt is told; what dpkg is doing is not torn.
KillMode=mixed
Nice=10
IOSchedulingClass=idle
`;
}

/** @param calendar systemd.time(7) */
export function renderTimer(calendar: string): string {
  return `# Written by zCloud from the map; changes are overwritten.
[Unit]
Description=This host's turn in its site's upgrade window

[Timer]
OnCalendar=${calendar}
AccuracySec=1s
# A turn that was missed is not made up for at another time of the day.
Persistent=false

[Install]
WantedBy=timers.target
`;
}
