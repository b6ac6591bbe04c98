import type { Role } from "@zcloud/map";

/** What a role's service needs beyond the common sandbox. */
export interface UnitOptions {
  /** Absolute paths that it writes besides /etc and its own state: `/srv`. */
  readonly extraReadWritePaths?: readonly string[];
  /** Beyond those for writing other users' files: `CAP_NET_ADMIN` for nft. */
  readonly capabilities?: readonly `CAP_${string}`[];
  /** Beyond AF_UNIX, AF_INET and AF_INET6: `AF_NETLINK` for nft and ip. */
  readonly addressFamilies?: readonly `AF_${string}`[];
  /** Writes below /proc/sys. */
  readonly kernelTunables?: boolean;
  /** Reads and writes whole disks. */
  readonly devices?: boolean;
  /** Sets the host name. */
  readonly hostname?: boolean;
  /** Units to order after, never to require: a role starts with everything else gone. */
  readonly after?: readonly string[];
  /** Its directory below /var/log, made before it starts. */
  readonly logsDirectory?: string;
  /** What it and the commands it runs may use before the kernel stops them; 384M by default. */
  readonly memoryMax?: string;
}

/** Every role writes files of other users (daemons' configuration) and signals nobody but its own children. */
const commonCapabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"] as const;
const commonFamilies = ["AF_UNIX", "AF_INET", "AF_INET6"] as const;

/**
 * The systemd unit of a role's service. Root in a sandbox: it writes daemons' configuration and talks to their
 * root-only sockets, to systemd and podman. `systemd-analyze security` must stay at 3.5 or better.
 * MemoryDenyWriteExecute is left out, because V8 compiles to memory.
 */
export function renderUnit(role: Role, options: UnitOptions = {}): string {
  const capabilities = [...commonCapabilities, ...(options.capabilities ?? [])];
  const families = [...commonFamilies, ...(options.addressFamilies ?? [])];
  // The journal: debug lines that wait are taken out of it when it is full (libs/daemons/journald).
  const writable = ["/etc", "-/var/log/journal", ...(options.extraReadWritePaths ?? [])];
  const logs =
    options.logsDirectory === undefined ? "" : `\nLogsDirectory=${options.logsDirectory}\nLogsDirectoryMode=0750`;
  const after = ["network.target", "dbus.socket", ...(options.after ?? [])];
  return `# Made by zCloud; changes are overwritten at the next deploy.
[Unit]
Description=zCloud ${role}
After=${after.join(" ")}
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
# Node can't send unix datagrams: systemd connects its own notification socket and passes it (systemd.service(5)).
OpenFile=/run/systemd/notify:notify
WatchdogSec=20
# Measured on a small role, idle: 84 MB resident without the next six, 68 MB with them; node alone takes 53. --no-opt keeps
# V8's optimizing compiler (4 MB of code to map) out: what an agent does is too seldom to be worth optimizing.
# --single-threaded-gc: a heap of 20 MB needs no helpers, each with pages of its own (3 MB). --expose-gc: see keepHeapSmall.
Environment=MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=65536 MALLOC_MMAP_THRESHOLD_=65536
ExecStart=/usr/bin/node --max-semi-space-size=1 --optimize-for-size --no-opt --single-threaded-gc --expose-gc /opt/zcloud/${role}/current/${role}.js
Restart=always
RestartSec=1
# EX_CONFIG: trying again can't help.
RestartPreventExitStatus=78
TimeoutStartSec=30
TimeoutStopSec=8
KillMode=mixed
SyslogIdentifier=zcloud-${role}
RuntimeDirectory=zcloud
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
StateDirectory=zcloud/${role}
StateDirectoryMode=0700${logs}
UMask=0022
MemoryMax=${options.memoryMax ?? "384M"}
TasksMax=256

# Sandbox
CapabilityBoundingSet=${capabilities.join(" ")}
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=${options.devices === true ? "no" : "yes"}
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=${options.hostname === true ? "no" : "yes"}
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=${options.kernelTunables === true ? "no" : "yes"}
ProtectProc=invisible
ProtectSystem=strict
# The trust root of maps and this host's keys are the operator's to change.
ReadOnlyPaths=-/etc/zcloud
ReadWritePaths=${writable.join(" ")}
RestrictAddressFamilies=${families.join(" ")}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
`;
}
