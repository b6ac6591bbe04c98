import type { LoopState, PassRecord } from "@zcloud/reconcile";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export interface ServiceMetrics {
  readonly registry: Registry;
  passEnded(record: PassRecord): void;
  loopState(loop: string, state: LoopState): void;
  mapGeneration(generation: number): void;
}

const phases = ["idle", "converged", "pending", "backing-off", "terminal"] as const;

/** One registry a service: the process, its loops, its map. Roles add their own. */
export function createMetrics(labels: {
  readonly host: string;
  readonly role: string;
  readonly version: string;
}): ServiceMetrics {
  const registry = new Registry();
  const registers = [registry];
  processMetrics(registers);
  new Gauge({
    name: "zcloud_build_info",
    help: "The running release.",
    labelNames: ["host", "role", "version"],
    registers,
  }).set({ ...labels }, 1);
  const passes = new Counter({
    name: "zcloud_reconcile_passes_total",
    help: "Finished passes by result.",
    labelNames: ["loop", "result"],
    registers,
  });
  const actions = new Counter({
    name: "zcloud_reconcile_actions_total",
    help: "Applied actions.",
    labelNames: ["loop", "kind"],
    registers,
  });
  const actionSeconds = new Counter({
    name: "zcloud_reconcile_action_seconds_total",
    help: "Time that applied actions took.",
    labelNames: ["loop", "kind"],
    registers,
  });
  const seconds = new Histogram({
    name: "zcloud_reconcile_pass_seconds",
    help: "Duration of passes.",
    labelNames: ["loop"],
    buckets: [0.01, 0.05, 0.25, 1, 5, 30],
    registers,
  });
  const phase = new Gauge({
    name: "zcloud_reconcile_phase",
    help: "1 for the phase that a loop is in.",
    labelNames: ["loop", "phase"],
    registers,
  });
  const generation = new Gauge({ name: "zcloud_map_generation", help: "Generation of the map in force.", registers });
  return {
    registry,
    passEnded(record) {
      passes.inc({ loop: record.loop, result: record.result });
      for (const [index, { kind }] of record.applied.entries()) {
        actions.inc({ loop: record.loop, kind });
        actionSeconds.inc({ loop: record.loop, kind }, (record.tookMs[index] ?? 0) / 1000);
      }
      seconds.observe({ loop: record.loop }, record.durationMs / 1000);
    },
    loopState(loop, state) {
      for (const name of phases) phase.set({ loop, phase: name }, name === state.phase ? 1 : 0);
    },
    mapGeneration: (value) => generation.set(value),
  };
}

/** What is worth having of prom-client's default metrics: theirs also keep an event loop histogram and a GC observer running. */
function processMetrics(registers: Registry[]): void {
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "nodejs_heap_used_bytes",
    help: "JavaScript heap in use.",
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
  const start = Math.round(Date.now() / 1000 - process.uptime());
  new Gauge({ name: "process_start_time_seconds", help: "Start of the process since the epoch.", registers }).set(
    start,
  );
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system time of the process.",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  cpu.inc(0);
}
