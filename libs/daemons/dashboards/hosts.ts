import { type Board, curve } from "./panel.ts";

/** Each VM: its operating system, our service, its clock and its resolver. */
export const hosts: Board = {
  id: "hosts",
  title: "hosts",
  panels: [
    curve("Processors in use", "percentunit", '1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'),
    curve("Memory in use", "percentunit", "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"),
    curve(
      "Disks in use",
      "percentunit",
      "1 - node_filesystem_avail_bytes / node_filesystem_size_bytes",
      "{{host}} {{mountpoint}}",
    ),
    curve("Waiting for disks", "percentunit", "rate(node_pressure_io_waiting_seconds_total[5m])"),
    curve("Received", "Bps", "sum by (host) (rate(node_network_receive_bytes_total[5m]))"),
    curve("Sent", "Bps", "sum by (host) (rate(node_network_transmit_bytes_total[5m]))"),
    curve("Memory of our services", "bytes", 'process_resident_memory_bytes{job="zcloud"}'),
    curve("Processor of our services", "percentunit", 'rate(process_cpu_seconds_total{job="zcloud"}[5m])'),
    curve(
      "Failed passes",
      "short",
      'sum by (host, loop) (increase(zcloud_reconcile_passes_total{result=~"error|terminal|deadline"}[10m]))',
      "{{host}} {{loop}}",
    ),
    curve(
      "Daemons that came back",
      "short",
      "increase(node_systemd_service_restart_total[1h]) > 0",
      "{{host}} {{name}}",
    ),
    curve("Clocks", "s", "zcloud_clock_offset_seconds"),
    curve("Questions to each resolver", "reqps", "rate(zcloud_resolver_queries_total[5m])"),
  ],
};
