import type { AlertRule } from "./rule.ts";

const host = "{{ $labels.host }}";
const of = (name: string, by: string): string => `sum by (${by}) (rate(${name}[10m]))`;
const failed = of('zcloud_dns_answers_total{rcode="SERVFAIL"}', "site, host");
const asked = of("zcloud_dns_queries_total", "site, host");
const left = "zcloud_zfront_certificate_end_seconds - time()";
const life = "(zcloud_zfront_certificate_end_seconds - zcloud_zfront_certificate_begin_seconds)";

/** What a site does for others: the front, names, the bus. */
export const serviceRules: readonly AlertRule[] = [
  {
    alert: "EndpointUnreachable",
    when: "zcloud_probe_success == 0",
    ...{ lasting: "3m", severity: "critical" },
    summary: `{{ $labels.endpoint }} is out of reach through the front door of {{ $labels.door }}, asked by ${host}`,
  },
  {
    alert: "HaproxyGone",
    when: 'up{job="haproxy"} == 0',
    ...{ lasting: "1m", severity: "critical" },
    summary: `HAProxy of ${host} does not answer`,
  },
  {
    alert: "HaproxyFull",
    when: "haproxy_process_current_connections / haproxy_process_max_connections > 0.8",
    ...{ lasting: "2m", severity: "critical" },
    summary: `HAProxy of ${host} has {{ $value | humanizePercentage }} of its connections in use`,
  },
  {
    alert: "HaproxyDrift",
    when: "sum by (site, host) (increase(zcloud_haproxy_drift_total[1h])) > 0",
    ...{ lasting: "1m", severity: "warning" },
    summary: `somebody else changes the running HAProxy of ${host}; it was repaired`,
  },
  {
    alert: "CertificateExpiring",
    when: `(${left}) / ${life} < 0.25`,
    ...{ lasting: "1h", severity: "warning" },
    summary: `the certificate of {{ $labels.certificate }} at ${host} has {{ $value | humanizePercentage }} of its life left and was not renewed`,
  },
  {
    alert: "CertificateExpiring",
    when: `(${left}) / ${life} < 0.08`,
    ...{ lasting: "10m", severity: "critical" },
    summary: `the certificate of {{ $labels.certificate }} at ${host} has {{ $value | humanizePercentage }} of its life left and was not renewed`,
  },
  {
    alert: "OrdersUsedUp",
    when: "zcloud_zfront_order_budget < 1",
    ...{ lasting: "1h", severity: "warning" },
    summary: `${host} may order no more certificates of {{ $labels.of }} for a while ({{ $labels.limit }})`,
  },
  {
    alert: "DnsGone",
    when: "zcloud_dns_up == 0",
    ...{ lasting: "2m", severity: "critical" },
    summary: `Unbound of ${host} does not answer; each VM asks the world itself meanwhile`,
  },
  {
    alert: "DnsFailing",
    when: `${failed} / ${asked} > 0.2 and ${asked} > 0.2`,
    ...{ lasting: "10m", severity: "warning" },
    summary: `${host} can't answer {{ $value | humanizePercentage }} of the questions for names`,
  },
  {
    alert: "BusGone",
    when: "zcloud_bus_up == 0",
    ...{ lasting: "2m", severity: "critical" },
    summary: `nats-server of ${host} does not answer: its site goes on with what it knows, and nothing changes`,
  },
  {
    alert: "PeerAway",
    when: "zcloud_bus_peer_reachable == 0",
    ...{ lasting: "2m", severity: "critical" },
    summary: `${host} hears nothing of the other site`,
  },
  {
    alert: "BusSlow",
    when: "increase(zcloud_bus_slow_consumers_total[15m]) > 0",
    ...{ lasting: "1m", severity: "warning" },
    summary: `somebody reads the bus of ${host} too slowly and was cut off`,
  },
  {
    alert: "BusFull",
    when: "zcloud_bus_storage_bytes / zcloud_bus_storage_limit_bytes > 0.8",
    ...{ lasting: "10m", severity: "warning" },
    summary: `the bus of ${host} has {{ $value | humanizePercentage }} of its storage in use`,
  },
  {
    alert: "CephGone",
    when: "zcloud_ceph_answers == 0",
    ...{ lasting: "3m", severity: "critical" },
    summary: `Ceph's monitors do not answer ${host}: no volume can be read or written from there`,
  },
  {
    alert: "CephUrgent",
    // A take-over after a lost site is over within a minute.
    when: 'zcloud_ceph_health_check{urgency="now"} == 1',
    ...{ lasting: "2m", severity: "critical" },
    summary: `users are kept from their volumes, will be soon, or data is at risk: Ceph says {{ $labels.code }}, asked by ${host}`,
  },
  {
    alert: "CephFilling",
    // Ceph warns at 0.85 of a disk, when there is little time left to order one.
    when: "ceph_cluster_total_used_raw_bytes / ceph_cluster_total_bytes > 0.75",
    ...{ lasting: "30m", severity: "warning" },
    summary: `Ceph's disks are {{ $value | humanizePercentage }} full, says ${host}`,
  },
  {
    alert: "CephWritesStall",
    // As long as a take-over takes, it ends by itself.
    when: "zcloud_ceph_write_stalled_seconds > 30",
    ...{ lasting: "1m", severity: "critical" },
    summary: `Ceph has taken no write of ${host} for {{ $value | humanizeDuration }}: whoever writes to a volume there waits`,
  },
];
