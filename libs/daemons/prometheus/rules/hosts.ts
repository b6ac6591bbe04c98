import type { AlertRule } from "./rule.ts";

const host = "{{ $labels.host }}";

const day = 86_400;

/** MemoryMax of our services' units. */
const serviceMemory = 384 * 2 ** 20;

/** VMs, our services on them, and what every VM has. */
export const hostRules: readonly AlertRule[] = [
  {
    alert: "VmGone",
    when: 'sum by (site, host, role) (up{job=~"zcloud|node"}) == 0',
    ...{ lasting: "2m", severity: "critical" },
    summary: `${host} does not answer: neither its service nor its operating system`,
  },
  {
    alert: "ServiceGone",
    when: 'up{job="zcloud"} == 0 and on (host) up{job="node"} == 1',
    ...{ lasting: "2m", severity: "critical" },
    summary: `the zcloud service of ${host} does not answer; what runs there goes on, and nothing changes`,
  },
  {
    alert: "ExporterGone",
    when: 'up{job="node"} == 0 and on (host) up{job="zcloud"} == 1',
    ...{ lasting: "10m", severity: "warning" },
    summary: `${host} gives no numbers of its operating system`,
  },
  {
    alert: "NumbersMissing",
    when: 'up{job="pushed"} == 0',
    ...{ lasting: "5m", severity: "warning" },
    summary: `${host} does not say its numbers`,
  },
  {
    alert: "VmSilent",
    when: 'label_replace(zcloud_vm_present == 0, "host", "$1", "vm", "(.+)")',
    ...{ lasting: "3m", severity: "critical" },
    summary: `no status of ${host} on its site's bus`,
  },
  {
    alert: "LoopDegraded",
    when: 'max by (site, host, role, loop) (max_over_time(zcloud_reconcile_phase{phase=~"converged|idle"}[5m])) == 0',
    ...{ lasting: "5m", severity: "warning" },
    summary: `${host} can't bring {{ $labels.loop }} to what the map says`,
  },
  {
    alert: "ServiceRestarts",
    when: 'changes(process_start_time_seconds{job=~"zcloud|pushed"}[30m]) > 2',
    ...{ lasting: "1m", severity: "warning" },
    summary: `the zcloud service of ${host} was started {{ $value }} times in half an hour`,
  },
  {
    alert: "UnitRestarts",
    when: "increase(node_systemd_service_restart_total[30m]) > 2",
    ...{ lasting: "1m", severity: "warning" },
    summary: `{{ $labels.name }} of ${host} came back {{ printf "%.0f" $value }} times in half an hour`,
  },
  {
    alert: "UnitFailed",
    when: 'node_systemd_unit_state{state="failed"} == 1',
    ...{ lasting: "5m", severity: "warning" },
    summary: `{{ $labels.name }} of ${host} has failed`,
  },
  {
    alert: "ServiceMemory",
    when: `process_resident_memory_bytes{job=~"zcloud|pushed"} > 0.85 * ${serviceMemory}`,
    ...{ lasting: "10m", severity: "warning" },
    summary: `the zcloud service of ${host} holds {{ $value | humanize1024 }}B; the kernel ends it at 384 MiB`,
  },
  {
    alert: "MemoryShort",
    when: "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1",
    ...{ lasting: "10m", severity: "warning" },
    summary: `${host} has {{ $value | humanizePercentage }} of its memory left`,
  },
  {
    alert: "DiskFilling",
    when: "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.2",
    ...{ lasting: "10m", severity: "warning" },
    summary: `{{ $labels.mountpoint }} of ${host} has {{ $value | humanizePercentage }} left`,
  },
  {
    alert: "DiskFilling",
    when: "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.08",
    ...{ lasting: "2m", severity: "critical" },
    summary: `{{ $labels.mountpoint }} of ${host} has {{ $value | humanizePercentage }} left`,
  },
  {
    alert: "LogBehind",
    when: "zcloud_log_behind_seconds > 300",
    ...{ lasting: "5m", severity: "warning" },
    summary: `the site's log is {{ $value | humanizeDuration }} behind ${host}`,
  },
  {
    alert: "ClockWrong",
    when: "abs(zcloud_clock_offset_seconds) > 0.1",
    ...{ lasting: "2m", severity: "warning" },
    summary: `the clock of ${host} is {{ $value | humanizeDuration }} off`,
  },
  {
    alert: "NoTime",
    when: "zcloud_clock_synchronised == 0",
    ...{ lasting: "15m", severity: "warning" },
    summary: `no time server answers ${host}`,
  },
  {
    alert: "UpgradesOld",
    // Never, since they are scheduled, is as old as that.
    when: `time() - (zcloud_upgrades_success_timestamp_seconds or zcloud_upgrades_since_timestamp_seconds) > ${8 * day}`,
    ...{ lasting: "1h", severity: "warning" },
    summary: `${host} has had no security upgrades for {{ $value | humanizeDuration }}`,
  },
  {
    alert: "UpgradesFailed",
    when: "zcloud_upgrades_failed == 1",
    ...{ lasting: "10m", severity: "warning" },
    summary: `the last security upgrades of ${host} failed`,
  },
  {
    alert: "RebootRequired",
    when: `time() - zcloud_upgrades_reboot_required_timestamp_seconds > ${7 * day}`,
    ...{ lasting: "1h", severity: "warning" },
    summary: `a security upgrade has waited for a boot of ${host} for {{ $value | humanizeDuration }}`,
  },
  {
    alert: "ResolverGone",
    when: "zcloud_resolver_up == 0",
    ...{ lasting: "3m", severity: "critical" },
    summary: `the resolver of ${host} does not answer: what runs there looks up no names`,
  },
];
