import type { Host } from "@zcloud/host";
import { parseReport } from "./report.ts";
import { inWords } from "./skew.ts";

/** Seconds by which a clock may be wrong before what depends on dates waits for it. */
const most = 10;
/** Milliseconds for which an answer is good: orders come by the hundred. */
const remembered = 5_000;

export const askChrony: readonly string[] = ["chronyc", "-h", "127.0.0.1", "-c", "-n", "-m", "tracking", "sources"];

/**
 * Why dates of this host can't be relied on: it follows somebody, who says that its clock is wrong by more than 10 s.
 * Undefined if nobody says so: a clock that nobody measures is taken for right, as it was before.
 */
export function clockFault(host: Host, ask: readonly string[] = askChrony): () => Promise<string | undefined> {
  let latest: { readonly at: number; readonly fault: Promise<string | undefined> } | undefined;
  const look = async (): Promise<string | undefined> => {
    const { status, stdout } = await host.run(ask, { timeout: 5_000 });
    const report = status === 0 ? parseReport(stdout) : undefined;
    if (report?.follows === undefined || !report.synchronised || Math.abs(report.offset) <= most) return undefined;
    return `this host's clock is ${inWords(report.offset)}, by ${report.follows}; orders wait until it is right: chronyc tracking`;
  };
  return () => {
    const at = performance.now();
    if (latest === undefined || at - latest.at > remembered) latest = { at, fault: look() };
    return latest.fault;
  };
}
