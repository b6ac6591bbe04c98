import type { MonitorPlaces } from "./places.ts";

/** What a unit of ours lets it do, beside Debian's. */
interface Bounds {
  readonly argv: readonly string[];
  /** The Go runtime collects garbage more and more often as it comes near. */
  readonly softMemory: string;
  readonly hardMemory: string;
  readonly stateDirectory?: string;
  readonly families?: string;
  readonly after?: string;
}

/** Drop-in of Debian's unit: our arguments, it comes back after a crash, and may do no more than it needs. */
function renderDropIn({ argv, softMemory, hardMemory, stateDirectory, families = "", after }: Bounds): string {
  const [program = "", ...options] = argv;
  const command = [program, ...options].join(" \\\n  ");
  return `# Written by zCloud; changes are overwritten.
[Unit]
${after === undefined ? "" : `After=${after}\n`}StartLimitIntervalSec=0

[Service]
EnvironmentFile=
ExecStart=
ExecStart=${command}
Restart=always
RestartSec=1
RestartSteps=6
RestartMaxDelaySec=60
TimeoutStopSec=20
SendSIGKILL=yes
PrivateUsers=no
Environment=GOMEMLIMIT=${softMemory} GOGC=50
MemoryMax=${hardMemory}
TasksMax=64
UMask=0027
${stateDirectory === undefined ? "" : `StateDirectory=${stateDirectory}\nStateDirectoryMode=0750\n`}CapabilityBoundingSet=
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
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6${families}
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
`;
}

/** How long, in seconds, and how much, in bytes, Prometheus keeps. */
export interface Retention {
  readonly keep: number;
  readonly atMost: number;
}

/** Prometheus' own arguments. Its limits keep a careless question from taking all memory. */
export function prometheusArguments(places: MonitorPlaces, { keep, atMost }: Retention): readonly string[] {
  return [
    `--config.file=${places.config}`,
    `--storage.tsdb.path=${places.state}`,
    `--storage.tsdb.retention.time=${keep}s`,
    `--storage.tsdb.retention.size=${atMost}B`,
    `--web.listen-address=${places.listen}`,
    "--query.max-concurrency=4",
    "--query.max-samples=5000000",
    "--query.timeout=30s",
    "--log.level=warn",
  ];
}

export function renderPrometheusUnit(places: MonitorPlaces, retention: Retention): string {
  return renderDropIn({
    argv: ["/usr/bin/prometheus", ...prometheusArguments(places, retention)],
    softMemory: "100MiB",
    hardMemory: "256M",
    stateDirectory: places.state.replace(/^\/var\/lib\//, ""),
  });
}

/** Without a cluster: each site's tells of its own site. */
export function alertmanagerArguments(places: MonitorPlaces): readonly string[] {
  return [
    `--config.file=${places.config}`,
    `--storage.path=${places.state}`,
    `--web.listen-address=${places.listen}`,
    "--cluster.listen-address=",
    "--log.level=warn",
  ];
}

export function renderAlertmanagerUnit(places: MonitorPlaces): string {
  return renderDropIn({
    argv: ["/usr/bin/prometheus-alertmanager", ...alertmanagerArguments(places)],
    softMemory: "40MiB",
    hardMemory: "128M",
    stateDirectory: places.state.replace(/^\/var\/lib\//, ""),
  });
}

/** Units whose state is worth knowing: those that a role of ours keeps. */
const watchedUnits =
  "(ceph-.+|haproxy|unbound|unbound-.+|chrony|nats-server|podman|nftables|prometheus.*|ssh|zcloud-.+)\\.service";

/** Only what somebody draws or is woken by. */
const collectors = [
  "conntrack",
  "cpu",
  "diskstats",
  "filefd",
  "filesystem",
  "loadavg",
  "meminfo",
  "netdev",
  "pressure",
  "stat",
  "systemd",
  "uname",
] as const;

export function nodeExporterArguments({ listen }: MonitorPlaces): readonly string[] {
  return [
    `--web.listen-address=${listen}`,
    "--web.disable-exporter-metrics",
    "--web.max-requests=4",
    "--collector.disable-defaults",
    ...collectors.map((name) => `--collector.${name}`),
    "--collector.systemd.enable-restarts-metrics",
    `--collector.systemd.unit-include=${watchedUnits}`,
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/containers)($|/)",
    "--collector.filesystem.fs-types-exclude=^(autofs|bpf|cgroup2?|devpts|devtmpfs|fuse.+|mqueue|nsfs|proc|ramfs|securityfs|squashfs|sysfs|tmpfs|tracefs)$",
    "--collector.netdev.device-exclude=^(lo|veth.*|podman.*)$",
    "--log.level=warn",
  ];
}

export function renderNodeExporterUnit(places: MonitorPlaces): string {
  return renderDropIn({
    argv: ["/usr/bin/prometheus-node-exporter", ...nodeExporterArguments(places).map(quoted)],
    softMemory: "24MiB",
    hardMemory: "64M",
    // The devices of the network.
    families: " AF_NETLINK",
  });
}

/** `$` is systemd's sign of a variable, and `\` that of an escape. */
function quoted(argument: string): string {
  return argument.replaceAll("$", "$$$$").replaceAll("\\", "\\\\");
}
