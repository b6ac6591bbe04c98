/** What was so for how long, and which alerts that must be (and no others). */
export interface Story {
  readonly what: string;
  /** Series of promtool's notation, a sample a minute: `1x60` for 61 times 1. */
  readonly series: Readonly<Record<string, string>>;
  /** When somebody looks: `10m`. */
  readonly at: string;
  /** Of those that this story is about. */
  readonly alert: string;
  /** Labels of each that is firing, without its name. */
  readonly firing: readonly Readonly<Record<string, string>>[];
}

const zpod = { site: "north", host: "north/zpod1", role: "zpod" } as const;
const znet = { site: "north", host: "north/znet", role: "znet" } as const;
const zfront = { site: "north", host: "north/zfront", role: "zfront" } as const;
const zstore = { site: "north", host: "north/zstore", role: "zstore" } as const;

const labels = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
const up = (job: string, of: Readonly<Record<string, string>>) => `up{job="${job}",${labels(of)}}`;
const on = (name: string, of: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}) =>
  `${name}{${labels({ ...of, ...more })}}`;

/** The same alert, once when it must be silent and once when it must not. */
function pair(
  alert: string,
  at: string,
  series: (sick: boolean) => Readonly<Record<string, string>>,
  firing: Readonly<Record<string, string>>,
): readonly Story[] {
  return [
    { what: `${alert}: all is well`, alert, at, series: series(false), firing: [] },
    { what: `${alert}: it is not`, alert, at, series: series(true), firing: [firing] },
  ];
}

const end = on("zcloud_zfront_certificate_end_seconds", zfront, { certificate: "a.example" });
const begin = on("zcloud_zfront_certificate_begin_seconds", zfront, { certificate: "a.example" });
const day = 86_400;
/** promtool's clock begins at 0: a certificate of so many days, of which so many are left. */
const certificate = (life: number, left: number) => ({
  [end]: `${left * day}x180`,
  [begin]: `${(left - life) * day}x180`,
});

export const stories: readonly Story[] = [
  ...pair(
    "VmGone",
    "10m",
    (sick) => ({ [up("zcloud", zpod)]: sick ? "1 0x20" : "1x20", [up("node", zpod)]: sick ? "1 0x20" : "1x20" }),
    { ...zpod, severity: "critical" },
  ),
  {
    what: "VmGone: its service alone is not the VM",
    alert: "VmGone",
    at: "10m",
    series: { [up("zcloud", zpod)]: "0x20", [up("node", zpod)]: "1x20" },
    firing: [],
  },
  ...pair(
    "ServiceGone",
    "10m",
    (sick) => ({ [up("zcloud", zpod)]: sick ? "0x20" : "1x20", [up("node", zpod)]: "1x20" }),
    { job: "zcloud", ...zpod, severity: "critical" },
  ),
  {
    what: "ServiceGone: a restart of a minute is none",
    alert: "ServiceGone",
    at: "5m",
    series: { [up("zcloud", zpod)]: "1 1 1 1 0 1 1", [up("node", zpod)]: "1x20" },
    firing: [],
  },
  ...pair(
    "ExporterGone",
    "15m",
    (sick) => ({ [up("node", zpod)]: sick ? "0x20" : "1x20", [up("zcloud", zpod)]: "1x20" }),
    { job: "node", ...zpod, severity: "warning" },
  ),
  ...pair(
    "NumbersMissing",
    "10m",
    (sick) => ({ [up("pushed", { ...zpod, host: "north/zstore", role: "zstore" })]: sick ? "1 0x20" : "1x20" }),
    { job: "pushed", ...zpod, host: "north/zstore", role: "zstore", severity: "warning" },
  ),
  ...pair(
    "VmSilent",
    "10m",
    (sick) => ({ [on("zcloud_vm_present", znet, { vm: "north/zstore" })]: sick ? "1 0x20" : "1x20" }),
    { ...znet, host: "north/zstore", vm: "north/zstore", severity: "critical" },
  ),
  ...pair(
    "LoopDegraded",
    "20m",
    (sick) => ({
      [on("zcloud_reconcile_phase", zpod, { loop: "podman", phase: "converged" })]: sick ? "0x30" : "0 0 1 0x2 1x25",
      [on("zcloud_reconcile_phase", zpod, { loop: "podman", phase: "idle" })]: "0x30",
      [on("zcloud_reconcile_phase", zpod, { loop: "podman", phase: "backing-off" })]: sick ? "1 1 0 1x27" : "0x30",
    }),
    { ...zpod, loop: "podman", severity: "warning" },
  ),
  ...pair(
    "ServiceRestarts",
    "30m",
    (sick) => ({
      [on("process_start_time_seconds", { job: "zcloud", ...zpod })]: sick
        ? "100x3 200x3 300x3 400x30"
        : "100x3 200x60",
    }),
    { job: "zcloud", ...zpod, severity: "warning" },
  ),
  ...pair(
    "UnitRestarts",
    "20m",
    (sick) => ({
      [on("node_systemd_service_restart_total", zpod, { name: "haproxy.service" })]: sick ? "0+1x30" : "7x30",
    }),
    { ...zpod, name: "haproxy.service", severity: "warning" },
  ),
  ...pair(
    "UnitFailed",
    "10m",
    (sick) => ({
      [on("node_systemd_unit_state", zpod, { name: "a.service", state: "failed" })]: sick ? "1x20" : "0x20",
    }),
    { ...zpod, name: "a.service", state: "failed", severity: "warning" },
  ),
  ...pair(
    "ServiceMemory",
    "20m",
    (sick) => ({
      [on("process_resident_memory_bytes", { job: "zcloud", ...zpod })]: sick ? "360000000x30" : "75000000x30",
    }),
    { job: "zcloud", ...zpod, severity: "warning" },
  ),
  ...pair(
    "MemoryShort",
    "20m",
    (sick) => ({
      [on("node_memory_MemAvailable_bytes", zpod)]: sick ? "50x30" : "500x30",
      [on("node_memory_MemTotal_bytes", zpod)]: "1000x30",
    }),
    { ...zpod, severity: "warning" },
  ),
  ...pair(
    "DiskFilling",
    "20m",
    (sick) => ({
      [on("node_filesystem_avail_bytes", zpod, { mountpoint: "/" })]: sick ? "190x30" : "210x30",
      [on("node_filesystem_size_bytes", zpod, { mountpoint: "/" })]: "1000x30",
    }),
    { ...zpod, mountpoint: "/", severity: "warning" },
  ),
  {
    what: "DiskFilling: nearly full is both",
    alert: "DiskFilling",
    at: "20m",
    series: {
      [on("node_filesystem_avail_bytes", zpod, { mountpoint: "/" })]: "50x30",
      [on("node_filesystem_size_bytes", zpod, { mountpoint: "/" })]: "1000x30",
    },
    firing: ["warning", "critical"].map((severity) => ({ ...zpod, mountpoint: "/", severity })),
  },
  ...pair("LogBehind", "15m", (sick) => ({ [on("zcloud_log_behind_seconds", zpod)]: sick ? "400x30" : "200x30" }), {
    ...zpod,
    severity: "warning",
  }),
  ...pair("ClockWrong", "5m", (sick) => ({ [on("zcloud_clock_offset_seconds", zpod)]: sick ? "-0.2x30" : "0.05x30" }), {
    ...zpod,
    severity: "warning",
  }),
  ...pair("NoTime", "20m", (sick) => ({ [on("zcloud_clock_synchronised", zpod)]: sick ? "0x30" : "1x30" }), {
    ...zpod,
    severity: "warning",
  }),
  ...pair(
    "UpgradesOld",
    "90m",
    (sick) => ({ [on("zcloud_upgrades_success_timestamp_seconds", zpod)]: `${(sick ? -9 : -7) * day}x180` }),
    { ...zpod, severity: "warning" },
  ),
  {
    what: "UpgradesOld: never is as old as their timer",
    alert: "UpgradesOld",
    at: "90m",
    series: {
      [on("zcloud_upgrades_since_timestamp_seconds", zpod)]: `${-9 * day}x180`,
      [on("zcloud_upgrades_since_timestamp_seconds", zfront)]: `${-9 * day}x180`,
      [on("zcloud_upgrades_success_timestamp_seconds", zfront)]: `${-1 * day}x180`,
    },
    firing: [{ ...zpod, severity: "warning" }],
  },
  ...pair("UpgradesFailed", "20m", (sick) => ({ [on("zcloud_upgrades_failed", zpod)]: sick ? "1x30" : "0x30" }), {
    ...zpod,
    severity: "warning",
  }),
  ...pair(
    "RebootRequired",
    "90m",
    (sick) => ({
      [on("zcloud_upgrades_reboot_required_timestamp_seconds", zpod)]: `${(sick ? -8 : -6) * day}x180`,
    }),
    { ...zpod, severity: "warning" },
  ),
  ...pair("ResolverGone", "5m", (sick) => ({ [on("zcloud_resolver_up", zpod)]: sick ? "0x30" : "1x30" }), {
    ...zpod,
    severity: "critical",
  }),
  ...pair(
    "EndpointUnreachable",
    "10m",
    (sick) => ({
      [on("zcloud_probe_success", zfront, { endpoint: "demo/hello:web", door: "south" })]: sick ? "0x20" : "1x20",
    }),
    { ...zfront, endpoint: "demo/hello:web", door: "south", severity: "critical" },
  ),
  ...pair("HaproxyGone", "5m", (sick) => ({ [up("haproxy", zfront)]: sick ? "0x20" : "1x20" }), {
    job: "haproxy",
    ...zfront,
    severity: "critical",
  }),
  ...pair(
    "HaproxyFull",
    "10m",
    (sick) => ({
      [on("haproxy_process_current_connections", zfront)]: sick ? "900x20" : "700x20",
      [on("haproxy_process_max_connections", zfront)]: "1000x20",
    }),
    { ...zfront, severity: "critical" },
  ),
  ...pair(
    "HaproxyDrift",
    "30m",
    (sick) => ({ [on("zcloud_haproxy_drift_total", zfront, { kind: "map" })]: sick ? "0x10 1x40" : "3x60" }),
    { site: "north", host: "north/zfront", severity: "warning" },
  ),
  ...pair("CertificateExpiring", "2h", (sick) => certificate(90, sick ? 20 : 30), {
    ...zfront,
    certificate: "a.example",
    severity: "warning",
  }),
  ...pair("CertificateExpiring", "90m", (sick) => certificate(6, sick ? 1.4 : 2.5), {
    ...zfront,
    certificate: "a.example",
    severity: "warning",
  }),
  ...pair(
    "OrdersUsedUp",
    "2h",
    (sick) => ({
      [on("zcloud_zfront_order_budget", zfront, { limit: "week", of: "example" })]: sick ? "0x180" : "3x180",
    }),
    { ...zfront, limit: "week", of: "example", severity: "warning" },
  ),
  ...pair("DnsGone", "5m", (sick) => ({ [on("zcloud_dns_up", znet)]: sick ? "0x20" : "1x20" }), {
    ...znet,
    severity: "critical",
  }),
  ...pair(
    "DnsFailing",
    "40m",
    (sick) => ({
      [on("zcloud_dns_answers_total", znet, { rcode: "SERVFAIL" })]: sick ? "0+30x60" : "0+3x60",
      [on("zcloud_dns_queries_total", znet)]: "0+60x60",
    }),
    { site: "north", host: "north/znet", severity: "warning" },
  ),
  ...pair("BusGone", "5m", (sick) => ({ [on("zcloud_bus_up", znet)]: sick ? "0x20" : "1x20" }), {
    ...znet,
    severity: "critical",
  }),
  ...pair("PeerAway", "5m", (sick) => ({ [on("zcloud_bus_peer_reachable", znet)]: sick ? "0x20" : "1x20" }), {
    ...znet,
    severity: "critical",
  }),
  ...pair("BusSlow", "15m", (sick) => ({ [on("zcloud_bus_slow_consumers_total", znet)]: sick ? "0x8 2x40" : "2x60" }), {
    ...znet,
    severity: "warning",
  }),
  ...pair(
    "BusFull",
    "20m",
    (sick) => ({
      [on("zcloud_bus_storage_bytes", znet)]: sick ? "90x40" : "70x40",
      [on("zcloud_bus_storage_limit_bytes", znet)]: "100x40",
    }),
    { ...znet, severity: "warning" },
  ),
  ...pair("CephGone", "6m", (sick) => ({ [on("zcloud_ceph_answers", zstore)]: sick ? "1 0x20" : "1 0 0 1x20" }), {
    ...zstore,
    severity: "critical",
  }),
  ...pair(
    "CephUrgent",
    "5m",
    (sick) => ({
      [on("zcloud_ceph_health_check", zstore, { code: "OSD_FULL", urgency: "now" })]: sick ? "_ 1x20" : "_ 1 stale",
      [on("zcloud_ceph_health_check", zstore, { code: "OSD_DOWN", urgency: "soon" })]: "1x20",
    }),
    { ...zstore, code: "OSD_FULL", urgency: "now", severity: "critical" },
  ),
  ...pair(
    "CephFilling",
    "40m",
    (sick) => ({
      [on("ceph_cluster_total_used_raw_bytes", zstore)]: sick ? "76x60" : "74x60",
      [on("ceph_cluster_total_bytes", zstore)]: "100x60",
    }),
    { ...zstore, severity: "warning" },
  ),
  ...pair(
    "CephWritesStall",
    "5m",
    (sick) => ({ [on("zcloud_ceph_write_stalled_seconds", zstore)]: sick ? "0 0 40+60x20" : "0 0 40 0x20" }),
    { ...zstore, severity: "critical" },
  ),
  { what: "Watchdog: always", alert: "Watchdog", at: "1m", series: {}, firing: [{ severity: "none" }] },
  ...pair(
    "CollectorConfig",
    "10m",
    (sick) => ({
      [on("prometheus_config_last_reload_successful", { job: "prometheus", ...znet })]: sick ? "0x20" : "1x20",
    }),
    { job: "prometheus", ...znet, severity: "warning" },
  ),
  ...pair(
    "RulesFailing",
    "20m",
    (sick) => ({
      [on("prometheus_rule_evaluation_failures_total", znet, { rule_group: "hosts" })]: sick ? "0+1x40" : "4x40",
    }),
    { ...znet, rule_group: "hosts", severity: "warning" },
  ),
  ...pair(
    "ScrapeTooLarge",
    "20m",
    (sick) => ({ [on("prometheus_target_scrapes_exceeded_sample_limit_total", znet)]: sick ? "0+1x40" : "4x40" }),
    { ...znet, severity: "warning" },
  ),
  ...pair(
    "NumbersLost",
    "20m",
    (sick) => ({ [on("prometheus_tsdb_compactions_failed_total", znet)]: sick ? "0x5 1x40" : "4x40" }),
    { ...znet, severity: "warning" },
  ),
  ...pair("AlertmanagerGone", "10m", (sick) => ({ [up("alertmanager", znet)]: sick ? "0x20" : "1x20" }), {
    job: "alertmanager",
    ...znet,
    severity: "warning",
  }),
  {
    what: "AlertmanagerGone: nobody is to be told",
    alert: "AlertmanagerGone",
    at: "20m",
    series: { [on("prometheus_notifications_dropped_total", { job: "prometheus", ...znet })]: "0+1x40" },
    firing: [],
  },
  ...pair(
    "AlertsUndelivered",
    "20m",
    (sick) => ({
      [on("alertmanager_notifications_failed_total", znet, { integration: "email", reason: "other" })]: sick
        ? "0+1x40"
        : "4x40",
    }),
    { site: "north", host: "north/znet", integration: "email", severity: "critical" },
  ),
];
