import type { Bus } from "@zcloud/bus";
import type { HostState, Status } from "@zcloud/events";
import type { Clock } from "@zcloud/reconcile";
import { type LoopReport, loopProblems, loopReport } from "./loops.ts";
import type { MapStore } from "./map-store.ts";
import type { RoleParts, StatusProblem } from "./role.ts";

/** How far a role has come; the frame writes it, the reports read it. */
export interface Progress {
  parts: RoleParts;
  bus: Bus | undefined;
  /** The role's own part has started. */
  begun: boolean;
  /** What must come before it can. */
  waitingFor: StatusProblem | undefined;
  /** Why the neighbours can't ask yet. */
  deaf: string | undefined;
}

/** Body of /readyz. */
export interface Readiness {
  /** 200, else 503. */
  readonly ready: boolean;
  /** The same word as in Status, and in `zctl status`. */
  readonly state: HostState;
  readonly generation: number;
  readonly reasons: readonly string[];
  readonly loops: readonly LoopReport[];
}

export interface ReportOptions {
  readonly id: string;
  readonly role: string;
  readonly version: string;
  readonly clock: Clock;
  readonly store: MapStore;
  readonly progress: Progress;
}

export function readiness(options: ReportOptions): Readiness {
  const { store, progress } = options;
  const loops = progress.parts.loops.map(loopReport);
  const late = loops.filter((loop) => loop.essential && !loop.ready);
  const reasons = late.map(({ name, error }) => `${name}: ${error ?? "has not converged yet"}`);
  if (!progress.begun) reasons.unshift(progress.waitingFor?.what ?? "starting");
  const ready = reasons.length === 0;
  const state = ready ? (problems(options).length > 0 ? "degraded" : "ready") : failingOrStarting(progress, late);
  return { ready, state, generation: store.current()?.generation ?? 0, reasons, loops };
}

function failingOrStarting({ begun }: Progress, late: readonly LoopReport[]): HostState {
  return begun && late.some(({ error }) => error !== undefined) ? "failing" : "starting";
}

export function statusOf(options: ReportOptions): Status {
  const { id, role, version, clock, progress } = options;
  const { ready, state, generation } = readiness(options);
  const at = new Date(clock.now()).toISOString();
  const facts = { ...progress.parts.facts?.() };
  return { v: 1, host: id, role, version, generation, ready, state, problems: problems(options), facts, at };
}

/** Worst first: what keeps the map or the role from working, then what makes it poorer. */
function problems({ store, progress }: ReportOptions): StatusProblem[] {
  const { parts, waitingFor, deaf, bus } = progress;
  return [
    ...(waitingFor === undefined ? [] : [waitingFor]),
    ...store.problems(),
    ...loopProblems(parts.loops),
    ...(parts.problems?.() ?? []),
    ...(deaf === undefined ? [] : [{ what: `other hosts can't ask for health and metrics: ${deaf}` }]),
    ...(bus === undefined || bus.connected() ? [] : [busIsAway]),
  ];
}

const busIsAway: StatusProblem = {
  what: "no connection to the bus; working from the last known state",
  remedy: "zctl status: is znet up?",
};

/** One line for `systemctl status`. */
export function statusLine({ generation, ready, problems }: Status): string {
  const first = problems[0];
  if (first === undefined) return `${ready ? "all is as it should be" : "converging"}, map generation ${generation}`;
  return `${problems.length === 1 ? "1 problem" : `${problems.length} problems`}: ${first.what}`;
}
