import type { ClockReport } from "./report.ts";

/** Seconds by which a clock may be wrong before people are told. */
export const tolerance = 0.1;
/** Seconds within which it is right again. */
const right = 0.05;

export interface ClockNews {
  readonly kind: "clock-wrong" | "clock-right";
  readonly level: "warning" | "info";
  readonly subject: string;
  readonly reason: string;
}

/** `2.500 s slow`. */
export function inWords(offset: number): string {
  return `${Math.abs(offset).toFixed(3)} s ${offset < 0 ? "slow" : "fast"}`;
}

/** Tells of a host's clock once when it is wrong, and once when it is right again; what nobody measures is no news. */
export function watchSkew(host: string): {
  look(report: ClockReport | undefined): ClockNews | undefined;
  wrong(): boolean;
} {
  let wrong = false;
  return {
    wrong: () => wrong,
    look(report) {
      if (report?.follows === undefined || !report.synchronised) return undefined;
      const off = Math.abs(report.offset);
      if (!wrong && off > tolerance) {
        wrong = true;
        const reason = `the clock of ${host} is ${inWords(report.offset)}, by ${report.follows}`;
        return { kind: "clock-wrong", level: "warning", subject: host, reason };
      }
      if (wrong && off < right) {
        wrong = false;
        return { kind: "clock-right", level: "info", subject: host, reason: `the clock of ${host} is right again` };
      }
      return undefined;
    },
  };
}
