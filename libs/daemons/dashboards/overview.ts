import { type Board, curve, number } from "./panel.ts";

/** What is wrong, and whether everybody is there. */
export const overview: Board = {
  id: "overview",
  title: "overview",
  panels: [
    number("Alerts", 'count(ALERTS{alertstate="firing",severity!="none"}) or vector(0)'),
    number("VMs that do not answer", 'count(sum by (host) (up{job=~"zcloud|node"}) == 0) or vector(0)'),
    number("Names out of reach", "count(zcloud_probe_success == 0) or vector(0)"),
    number("Problems that zctl status tells", "sum(zcloud_vm_problems) or vector(0)"),
    {
      title: "Firing",
      kind: "table",
      unit: "short",
      queries: [{ expr: 'ALERTS{alertstate="firing",severity!="none"}', legend: "" }],
      width: 24,
    },
    curve("Requests", "reqps", "sum by (host) (rate(haproxy_frontend_http_requests_total[5m]))"),
    curve(
      "Answers 5xx by stack",
      "reqps",
      'sum by (endpoint) (rate(haproxy_backend_http_responses_total{code="5xx"}[5m]))',
      "{{endpoint}}",
    ),
    curve("The other site is there", "short", "zcloud_bus_peer_reachable"),
    curve(
      "Loops that are not where the map wants them",
      "short",
      'sum by (host, loop) (zcloud_reconcile_phase{phase=~"backing-off|terminal"})',
      "{{host}} {{loop}}",
    ),
    curve("Questions for names", "reqps", "rate(zcloud_dns_queries_total[5m])"),
    curve("Messages on the bus", "reqps", "rate(zcloud_bus_messages_in_total[5m])"),
    curve("Storage of the bus", "percentunit", "zcloud_bus_storage_bytes / zcloud_bus_storage_limit_bytes"),
    curve("Log behind", "s", "zcloud_log_behind_seconds"),
  ],
};
