import {
  endpointLabel,
  type ObservedFront,
  type Route,
  readSlotStats,
  type SlotStats,
  slotCounters,
  slotGauges,
  slotInfos,
  slotResponses,
} from "@zcloud/daemons/haproxy";
import type { UptimeView } from "@zcloud/daemons/probe";
import { Counter, Gauge, type Registry } from "prom-client";

export interface FrontMetricsOptions {
  readonly registry: Registry;
  readonly runtime: Parameters<typeof readSlotStats>[0];
  readonly observed: () => ObservedFront | undefined;
  readonly routes: () => readonly Route[];
  readonly uptime: () => readonly UptimeView[];
}

/** Probes, uptime, and HAProxy's counters by endpoint, all as they are when somebody asks. */
export function frontMetrics({ registry, runtime, observed, routes, uptime }: FrontMetricsOptions): void {
  probeMetrics(registry, uptime);
  const slots = (): Parameters<typeof readSlotStats>[1] | undefined => observed()?.slots;
  const help = "Whose a backend of HAProxy's is (label proxy): joins what HAProxy's own exporter says.";
  gauge(registry, "zcloud_slot_info", help, ["proxy", "tenant", "stack", "service", "name"], (to) => {
    const state = slots();
    for (const info of state === undefined ? [] : slotInfos(state, routes())) to.set({ ...info }, 1);
  });
  endpointMetrics(registry, async () => {
    const state = slots();
    return state === undefined ? [] : readSlotStats(runtime, state);
  });
}

/** A gauge that is filled anew whenever somebody asks. */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  fill: (to: Gauge) => void | Promise<void>,
): void {
  new Gauge({
    ...{ name, help, labelNames: [...labelNames], registers: [registry] },
    async collect() {
      this.reset();
      await fill(this);
    },
  });
}

/** The same of what only grows. */
function counter(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  fill: (to: Counter) => Promise<void>,
): void {
  new Counter({
    ...{ name, help, labelNames: [...labelNames], registers: [registry] },
    async collect() {
      this.reset();
      await fill(this);
    },
  });
}

function probeMetrics(registry: Registry, uptime: () => readonly UptimeView[]): void {
  // A service may have names and ports: each is probed by itself.
  const by = ({ endpoint, door, port }: UptimeView) => ({ endpoint, door, ...(port === null ? {} : { port }) });
  gauge(
    registry,
    "zcloud_probe_success",
    "1: reachable through this site's front door.",
    ["endpoint", "door", "port"],
    (to) => {
      for (const view of uptime()) if (view.state !== "maintenance") to.set(by(view), view.state === "up" ? 1 : 0);
    },
  );
  gauge(registry, "zcloud_probe_seconds", "Duration of the last good probe.", ["endpoint", "door", "port"], (to) => {
    for (const view of uptime()) if (view.ms !== null) to.set(by(view), view.ms / 1_000);
  });
  const help = "Share of the watched time in which it was reachable.";
  gauge(registry, "zcloud_uptime_ratio", help, ["endpoint", "door", "port", "window"], (to) => {
    for (const view of uptime())
      for (const [window, share] of Object.entries(view.uptime))
        if (share !== null) to.set({ ...by(view), window }, share);
  });
}

/** HAProxy's names for what it counts, with the endpoint that a slot belongs to. */
function endpointMetrics(registry: Registry, read: () => Promise<readonly SlotStats[]>): void {
  const labels = ["proxy", "endpoint"];
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
    counter(registry, `haproxy_backend_${name}`, `HAProxy's ${column}.`, labels, async (to) => {
      for (const slot of await look()) to.inc(by(slot), slot.number(column));
    });
  }
  for (const [name, column] of Object.entries(slotGauges)) {
    gauge(registry, `haproxy_backend_${name}`, `HAProxy's ${column}.`, labels, async (to) => {
      for (const slot of await look()) to.set(by(slot), slot.number(column));
    });
  }
  counter(registry, "haproxy_backend_http_responses_total", "Responses by class.", [...labels, "code"], async (to) => {
    for (const slot of await look())
      for (const [code, column] of Object.entries(slotResponses)) to.inc({ ...by(slot), code }, slot.number(column));
  });
}
