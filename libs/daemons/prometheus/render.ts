import { type HostEntry, ports, siteOf, type ZMap } from "@zcloud/map";
import { stringify } from "yaml";
import { alertmanagerPlaces, prometheusPlaces } from "./places.ts";

/** Where the parts of a site answer; tests have them on loopback. */
export interface Targets {
  /** Rules that it evaluates; absolute. */
  readonly rules: readonly string[];
  service(host: HostEntry): string;
  haproxy(host: HostEntry): string;
  node(host: HostEntry): string;
  readonly prometheus: string;
  /** Undefined: nobody is to be told. */
  readonly alertmanager: string | undefined;
}

export const siteTargets: Omit<Targets, "rules"> = {
  service: ({ address }) => `${address}:${ports.service}`,
  haproxy: ({ address }) => `${address}:${ports.frontMetrics}`,
  node: ({ address }) => `${address}:${ports.node}`,
  prometheus: prometheusPlaces.listen,
  alertmanager: alertmanagerPlaces.listen,
};

/** Of HAProxy itself and its frontends. What it counts by server is 52 MB with ten thousand routes; by endpoint, our own service says it. */
export const haproxyMetrics = [
  "haproxy_process_uptime_seconds",
  "haproxy_process_pool_allocated_bytes",
  "haproxy_process_max_connections",
  "haproxy_process_current_connections",
  "haproxy_process_connections_total",
  "haproxy_process_requests_total",
  "haproxy_process_current_ssl_connections",
  "haproxy_process_current_frontend_ssl_key_rate",
  "haproxy_process_dropped_logs_total",
  "haproxy_process_idle_time_percent",
  "haproxy_frontend_current_sessions",
  "haproxy_frontend_bytes_in_total",
  "haproxy_frontend_bytes_out_total",
  "haproxy_frontend_requests_denied_total",
  "haproxy_frontend_http_requests_total",
  "haproxy_frontend_http_responses_total",
] as const;

/** Lines and bytes of one answer: beyond, that target counts as gone, and znet's memory stays its own. */
const bounds = { sample_limit: 40_000, body_size_limit: "16MB", label_value_length_limit: 300 } as const;

/** Seconds between two looks at anything. */
export const scrapeInterval = 30;

/** znet never connects to it: it says its numbers itself, and znet's service has the last ones. */
export const pushes = ({ role }: Pick<HostEntry, "role">): boolean => role === "zstore";

/** Where znet's service has them, at the port of its own. */
export const pushedPath = ({ site, name }: Pick<HostEntry, "site" | "name">): string => `/metrics/of/${site}-${name}`;

/**
 * prometheus.yml of a site's znet: every VM of its own site, zstore by what znet's service has of it, and the collector's
 * own parts.
 */
export function renderPrometheus(map: ZMap, site: string, targets: Targets): string {
  const hosts = siteOf(map, site).hosts.filter(isCollected);
  const fronts = hosts.filter(({ role }) => role === "zfront");
  const znet = hosts.filter(({ role }) => role === "znet");
  const every = `${scrapeInterval}s`;
  const pushedJob = (host: HostEntry) => ({
    ...job("pushed", [host], () => znet.map(targets.service)[0] ?? ""),
    metrics_path: pushedPath(host),
    // A host that says its numbers itself does not say of when they are.
    honor_timestamps: false,
  });
  const jobs = [
    {
      ...job("zcloud", hosts, targets.service),
      // Shares of the past, which Prometheus has itself and `zctl uptime` tells.
      metric_relabel_configs: [{ source_labels: ["__name__"], regex: "zcloud_uptime_ratio", action: "drop" }],
    },
    job("node", hosts, targets.node),
    {
      ...job("haproxy", fronts, targets.haproxy),
      params: { scope: ["global", "frontend"], metrics: [haproxyMetrics.join(",")] },
    },
    ...siteOf(map, site).hosts.filter(pushes).map(pushedJob),
    job("prometheus", znet, () => targets.prometheus),
    ...(targets.alertmanager === undefined ? [] : [job("alertmanager", znet, () => targets.alertmanager ?? "")]),
  ];
  const text = stringify(
    {
      global: { scrape_interval: every, scrape_timeout: "10s", evaluation_interval: every, external_labels: { site } },
      rule_files: targets.rules,
      ...(targets.alertmanager === undefined
        ? {}
        : { alerting: { alertmanagers: [{ static_configs: [{ targets: [targets.alertmanager] }] }] } }),
      scrape_configs: jobs.filter(({ static_configs }) => static_configs.length > 0),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
  return `# Written by zCloud from the map; changes are overwritten.\n${text}`;
}

const isCollected = (host: HostEntry): boolean => host.role !== "zcloud" && !pushes(host);

function job(name: string, hosts: readonly HostEntry[], at: (host: HostEntry) => string) {
  const static_configs = hosts.map((host) => ({
    targets: [at(host)],
    labels: { site: host.site, host: host.id, role: host.role },
  }));
  return { job_name: name, ...bounds, static_configs };
}
