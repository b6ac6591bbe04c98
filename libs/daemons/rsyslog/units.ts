import { renderAccessAgain } from "./access-again.ts";
import { type Instance, receiverPlaces, rewoundLines, senderPlaces, storeDirectory } from "./places.ts";

function renderUnit({ config, state }: Instance, description: string, own: readonly string[]): string {
  return `# Written by zCloud; changes are overwritten.
[Unit]
Description=${description}
After=network-online.target systemd-journald.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
${own.join("\n")}
ExecStart=/usr/sbin/rsyslogd -n -i NONE -f ${config}
Restart=always
# One that can't start tries again after 1 s, then ever more seldom.
RestartSec=1
RestartSteps=6
RestartMaxDelaySec=60
TimeoutStopSec=10
StandardOutput=null
StandardError=journal
# While the other side is away it says so at every attempt.
LogRateLimitIntervalSec=10min
LogRateLimitBurst=30
ReadWritePaths=${state}
UMask=0027
MemoryMax=256M
LimitNOFILE=16384
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`;
}

/** @param access directory of the socket that a front's HAProxy writes to */
export function renderSenderUnit(access: string | undefined, places: Instance = senderPlaces): string {
  return renderUnit(places, "zCloud log sender", [
    `ExecStartPre=-/bin/sh ${rewindPath(places)}`,
    ...(access === undefined ? [] : [`ReadWritePaths=${access}`]),
  ]);
}

export function renderReceiverUnit(places: Instance = receiverPlaces): string {
  // systemd.service(5), Command lines: a dollar sign is written twice.
  const mend = endLines(storeDirectory).replaceAll("$", "$$$$");
  const own = ["LogsDirectory=zcloud", "LogsDirectoryMode=0750", `ExecStartPre=-/bin/sh -c '${mend}'`];
  return renderUnit(places, "zCloud log receiver", own);
}

/** Shell: a power cut may leave half a line at the end of a file, which the next one would be written behind. */
export function endLines(store: string): string {
  return `for file in ${store}/*/*.jsonl; do test -z "$(tail -c 1 "$file" 2>/dev/null)" || echo >>"$file"; done`;
}

export function rewindPath({ config }: Instance): string {
  return `${config.slice(0, config.lastIndexOf("/"))}/rewind`;
}

/** Where the next start begins, if the file is there: a cursor of the journal and, for what is not in it, seconds since the epoch. */
export function backToPath({ config }: Instance): string {
  return `${config.slice(0, config.lastIndexOf("/"))}/back-to`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

/**
 * What was sent and not acknowledged is only in rsyslogd's memory, and lost when that is killed. So a start begins some
 * lines before where it was: they may come twice (`zctl logs` shows them once), none is missing.
 */
export function renderRewind(access: boolean, places: Instance = senderPlaces): string {
  const { state } = places;
  const back = backToPath(places);
  return `# Written by zCloud; changes are overwritten.
set -eu
cursor=${state}/journal.cursor
test -s "$cursor" || exit 0
# znet's machine lost what it had taken in last.
if test -s ${back}; then
  head -n 1 ${back} > "$cursor.rewound"
  mv "$cursor.rewound" "$cursor"
${access ? `  since=$(sed -n 2p ${back})\n${indented(renderAccessAgain(places))}\n` : ""}fi
journalctl --quiet --cursor="$(cat "$cursor")" --reverse --lines=${rewoundLines} --output=cat --show-cursor \\
  | sed -n 's/^-- cursor: //p' | tail -n 1 > "$cursor.rewound"
test -s "$cursor.rewound" || exit 0
mv "$cursor.rewound" "$cursor"
`;
}
