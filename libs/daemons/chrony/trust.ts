import type { Host } from "@zcloud/host";
import { parseReport } from "./report.ts";
import { inWords } from "./skew.ts";

/** Seconds by which a clock may be wrong before what depends on dates waits for it. */
const most = 10;
/** Milliseconds for which an answer is good: orders come by the hundred. */
const remembered = 5_000;

/** Milliseconds for which what depends on dates waits until time servers that answer agree on the time. */
const patience = 600_000;

export const askChrony: readonly string[] = ["chronyc", "-h", "127.0.0.1", "-c", "-n", "-m", "tracking", "sources"];

export interface FaultOptions {
  readonly ask?: readonly string[];
  /** Milliseconds of a clock that nobody can set, and of the one in question. */
  readonly steady?: () => number;
  readonly wall?: () => number;
}

/**
 * Why dates of this host can't be relied on: it follows somebody, who says that its clock is wrong by more than 10 s; or time
 * servers answer, chronyd has not made up its mind yet, and the clock was set since it was known to be right (ten minutes
 * at most: servers that never agree must not cost certificates). A clock that nobody measures is taken for right. To know
 * when it was right, ask every minute.
 */
export function clockFault(
  host: Host,
  { ask = askChrony, steady = () => performance.now(), wall = Date.now }: FaultOptions = {},
): () => Promise<string | undefined> {
  let undecidedSince: number | undefined;
  /** By how much this clock was ahead of the steady one when it was right. */
  let right: number | undefined;
  let latest: { readonly at: number; readonly fault: Promise<string | undefined> } | undefined;
  const look = async (): Promise<string | undefined> => {
    const { status, stdout } = await host.run(ask, { timeout: 5_000 });
    const report = status === 0 ? parseReport(stdout) : undefined;
    if (report?.synchronised === false && report.sources.some(({ answered }) => answered > 0)) {
      undecidedSince ??= steady();
      if (steady() - undecidedSince > patience) return undefined;
      if (right !== undefined && Math.abs(wall() - steady() - right) < most * 1_000) return undefined;
      return "this host's clock is being measured; orders wait until it is known to be right: chronyc sources";
    }
    undecidedSince = undefined;
    if (report?.follows === undefined || !report.synchronised) return undefined;
    if (Math.abs(report.offset) <= most) {
      right = wall() - steady();
      return undefined;
    }
    right = undefined;
    return `this host's clock is ${inWords(report.offset)}, by ${report.follows}; orders wait until it is right: chronyc tracking`;
  };
  return () => {
    const at = steady();
    if (latest === undefined || at - latest.at > remembered) latest = { at, fault: look() };
    return latest.fault;
  };
}
