/** A time server as chronyd sees it. */
export interface TimeSource {
  /** Address, or the name as configured while it has none. */
  readonly server: string;
  /** `*` followed, `+` agrees, `-` not needed, `x` lies, `~` jitters, `?` does not answer (chronyc(1), sources). */
  readonly state: string;
  readonly stratum: number;
  /** Of the last eight questions, how many were answered. */
  readonly answered: number;
}

/** What chronyd knows of this host's clock. */
export interface ClockReport {
  /** Whether it follows anybody, or is the site's own last resort. */
  readonly synchronised: boolean;
  /** Whom it follows: an address; undefined for nobody but itself. */
  readonly follows: string | undefined;
  readonly stratum: number;
  /** Seconds by which this clock is (or was at the last measurement) ahead of the true time; negative: behind. */
  readonly offset: number;
  /** Seconds by which all of it may be wrong at most: half the way to the root, and what was added on it. */
  readonly uncertainty: number;
  readonly sources: readonly TimeSource[];
}

/** Of `chronyc -c -n -m tracking sources`; undefined if it is not that. */
export function parseReport(text: string): ClockReport | undefined {
  const [tracking = [], ...sources] = text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  if (tracking.length < 14) return undefined;
  const [refId = "", server = "", stratum, , slow, last, , , , , delay, dispersion, , leap] = tracking;
  const own = refId === "7F7F0101" || refId === "00000000";
  return {
    synchronised: leap !== "Not synchronised",
    follows: own ? undefined : server,
    stratum: Number(stratum),
    offset: larger(-Number(slow), Number(last)),
    uncertainty: Number(delay) / 2 + Number(dispersion),
    sources: sources.filter(({ length }) => length >= 10).map(sourceOf),
  };
}

/**
 * What is not corrected yet, or what the last measurement found: a clock that jumped is put right at once, but was
 * wrong. Their signs differ (chronyc(1), tracking).
 */
function larger(remaining: number, last: number): number {
  return Math.abs(remaining) > Math.abs(last) ? remaining : last;
}

function sourceOf([, state = "", server = "", stratum, , reach = "0"]: readonly string[]): TimeSource {
  const bits = Number.parseInt(reach, 8).toString(2);
  return { server, state, stratum: Number(stratum), answered: [...bits].filter((bit) => bit === "1").length };
}
