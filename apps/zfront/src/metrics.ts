import {
  endpointLabel,
  type ObservedFront,
  readSlotStats,
  type SlotStats,
  slotCounters,
  slotGauges,
  slotResponses,
} from "@zcloud/daemons/haproxy";
import type { UptimeView } from "@zcloud/daemons/probe";
import { Counter, Gauge, type Registry } from "prom-client";

export interface FrontMetricsOptions {
  readonly registry: Registry;
  readonly runtime: Parameters<typeof readSlotStats>[0];
  readonly observed: () => ObservedFront | undefined;
  readonly uptime: () => readonly UptimeView[];
}

/** Probes, uptime, and HAProxy's counters by endpoint, all as they are when somebody asks. */
export function frontMetrics({ registry, runtime, observed, uptime }: FrontMetricsOptions): void {
  probeMetrics(registry, uptime);
  const slots = (): Parameters<typeof readSlotStats>[1] | undefined => observed()?.slots;
  endpointMetrics(registry, async () => {
    const state = slots();
    return state === undefined ? [] : readSlotStats(runtime, state);
  });
}

function probeMetrics(registry: Registry, uptime: () => readonly UptimeView[]): void {
  const gauge = (name: string, help: string, labels: readonly string[], fill: (to: Gauge) => void): void => {
    const registers = [registry];
    new Gauge({
      name,
      help,
      labelNames: [...labels],
      registers,
      collect() {
        this.reset();
        fill(this);
      },
    });
  };
  const by = ({ endpoint, door }: UptimeView) => ({ endpoint, door });
  gauge("zcloud_probe_success", "1: reachable through this site's front door.", ["endpoint", "door"], (to) => {
    for (const view of uptime()) if (view.state !== "maintenance") to.set(by(view), view.state === "up" ? 1 : 0);
  });
  gauge("zcloud_probe_seconds", "Duration of the last good probe.", ["endpoint", "door"], (to) => {
    for (const view of uptime()) if (view.ms !== null) to.set(by(view), view.ms / 1_000);
  });
  const help = "Share of the watched time in which it was reachable.";
  gauge("zcloud_uptime_ratio", help, ["endpoint", "door", "window"], (to) => {
    for (const view of uptime())
      for (const [window, share] of Object.entries(view.uptime))
        if (share !== null) to.set({ ...by(view), window }, share);
  });
}

/** HAProxy's names for what it counts, with the endpoint that a slot belongs to. */
function endpointMetrics(registry: Registry, read: () => Promise<readonly SlotStats[]>): void {
  const labelNames = ["proxy", "endpoint"];
  const registers = [registry];
  // All of them are asked in one go: they share one look at HAProxy.
  let looking: Promise<readonly SlotStats[]> | undefined;
  const look = (): Promise<readonly SlotStats[]> => {
    looking ??= read().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const by = ({ proxy, endpoint }: SlotStats) => ({ proxy, endpoint: endpointLabel(endpoint) });
  for (const [name, column] of Object.entries(slotCounters)) {
    new Counter({
      name: `haproxy_backend_${name}`,
      help: `HAProxy's ${column}.`,
      labelNames,
      registers,
      async collect() {
        const stats = await look();
        this.reset();
        for (const slot of stats) this.inc(by(slot), slot.number(column));
      },
    });
  }
  for (const [name, column] of Object.entries(slotGauges)) {
    new Gauge({
      name: `haproxy_backend_${name}`,
      help: `HAProxy's ${column}.`,
      labelNames,
      registers,
      async collect() {
        const stats = await look();
        this.reset();
        for (const slot of stats) this.set(by(slot), slot.number(column));
      },
    });
  }
  new Counter({
    name: "haproxy_backend_http_responses_total",
    help: "Responses by class.",
    labelNames: [...labelNames, "code"],
    registers,
    async collect() {
      const stats = await look();
      this.reset();
      for (const slot of stats)
        for (const [code, column] of Object.entries(slotResponses))
          this.inc({ ...by(slot), code }, slot.number(column));
    },
  });
}
