import type { ClockReport } from "./report.ts";
import { inWords, tolerance } from "./skew.ts";

/** Milliseconds in which a host may be without anybody to follow before it is a problem. */
const patience = 600_000;

/** What is wrong with this host's clock, for people. `since`: when it last followed anybody. */
export function clockProblems(
  report: ClockReport | undefined,
  role: string,
  since: number,
  now: number,
): readonly { readonly what: string; readonly remedy: string }[] {
  if (report === undefined) return [];
  const answering = report.sources.filter(({ answered }) => answered > 0).map(({ server }) => server);
  const remedy = "chronyc sources on this host; does the map's ntp name servers that answer?";
  if (report.follows !== undefined && report.synchronised) {
    if (Math.abs(report.offset) <= tolerance) return [];
    const what = `this host's clock is ${inWords(report.offset)}, by ${report.follows}`;
    return [{ what, remedy: "chrony corrects it; if it comes back, look at the machine below: chronyc tracking" }];
  }
  if (now - since < patience) return [];
  const asked = answering.length === 0 ? "no time server answers" : `time servers disagree (${answering.join(", ")})`;
  const meanwhile = role === "znet" ? "the site goes on by this host's own clock" : "this clock runs by itself";
  return [{ what: `${asked}: ${meanwhile}`, remedy }];
}
