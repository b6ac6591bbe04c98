import { type Board, curve } from "./panel.ts";

/** The front door: how full, how fast, which certificates. */
export const front: Board = {
  id: "front",
  title: "front",
  panels: [
    curve("Connections in use", "percentunit", "haproxy_process_current_connections / haproxy_process_max_connections"),
    curve("Idle time of HAProxy", "percent", "haproxy_process_idle_time_percent"),
    curve(
      "Requests by stack",
      "reqps",
      "sum by (endpoint) (rate(haproxy_backend_http_requests_total[5m]))",
      "{{endpoint}}",
    ),
    curve("Answers by class", "reqps", "sum by (code) (rate(haproxy_backend_http_responses_total[5m]))", "{{code}}"),
    curve(
      "Servers that can't be connected to",
      "reqps",
      "sum by (endpoint) (rate(haproxy_backend_connection_errors_total[5m]))",
      "{{endpoint}}",
    ),
    curve("Waiting for a server", "short", "sum by (endpoint) (haproxy_backend_current_queue)", "{{endpoint}}"),
    curve("Probes through both doors", "short", "zcloud_probe_success", "{{endpoint}} {{door}}"),
    curve("Duration of probes", "s", "zcloud_probe_seconds", "{{endpoint}} {{door}}"),
    curve("Out", "Bps", "sum by (proxy) (rate(haproxy_frontend_bytes_out_total[5m]))", "{{proxy}}"),
    curve(
      "Refused by limits",
      "reqps",
      "sum by (proxy) (rate(haproxy_frontend_requests_denied_total[5m]))",
      "{{proxy}}",
    ),
    curve(
      "Days until certificates end",
      "short",
      "(zcloud_zfront_certificate_end_seconds - time()) / 86400",
      "{{certificate}}",
    ),
    curve("Orders left", "short", "zcloud_zfront_order_budget", "{{limit}} {{of}}"),
  ],
};
