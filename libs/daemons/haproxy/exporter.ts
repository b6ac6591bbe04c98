import type { FrontSettings } from "./settings.ts";

/**
 * What HAProxy's own exporter says unless it is asked for something else. Of its 230 names these are the ones that somebody would
 * draw or be woken by: with ten thousand routes each name of a server is forty thousand lines.
 */
const shown = {
  process: [
    "uptime_seconds",
    "pool_allocated_bytes",
    "max_connections",
    "current_connections",
    "connections_total",
    "requests_total",
    "current_ssl_connections",
    "ssl_connections_total",
    "current_frontend_ssl_key_rate",
    "dropped_logs_total",
    "idle_time_percent",
    "build_info",
  ],
  frontend: [
    "current_sessions",
    "sessions_total",
    "connections_total",
    "bytes_in_total",
    "bytes_out_total",
    "requests_denied_total",
    "request_errors_total",
    "denied_connections_total",
    "http_requests_total",
    "http_responses_total",
  ],
  sticktable: ["size", "used"],
  server: [
    "current_sessions",
    "sessions_total",
    "bytes_in_total",
    "bytes_out_total",
    "connection_errors_total",
    "response_errors_total",
    "check_failures_total",
    "downtime_seconds_total",
    "response_time_average_seconds",
    "http_responses_total",
  ],
} as const;

/**
 * HAProxy's numbers of itself at the host's own address, for the site's collector. No `backend` scope: the pool has
 * thousands of empty slots, which would all be written out, while servers stand in slots that are in use only (what is
 * counted of a whole slot, our own service says: slot-stats.ts). Who asks with parameters gets what they say.
 */
export function exporterFrontend({ listen }: FrontSettings): string[] {
  const scopes = Object.keys(shown).map((scope) => `scope=${scope === "process" ? "global" : scope}`);
  const names = Object.entries(shown).flatMap(([of, list]) => list.map((name) => `haproxy_${of}_${name}`));
  return [
    "# HAProxy's own numbers, for the site's collector.",
    "frontend metrics from base",
    `    bind ${listen.metrics}`,
    "    no log",
    `    http-request set-query ${[...scopes, "no-maint", `metrics=${names.join(",")}`].join("&")} unless { query -m found }`,
    "    http-request use-service prometheus-exporter if { path /metrics }",
    "    http-request return status 404",
    "",
  ];
}
