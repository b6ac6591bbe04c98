import type { HostEntry } from "@zcloud/map";
import type { Outcome } from "./rollout.ts";

/** What is said of one host. The journal's last lines come only with a failure. */
export function describe({ id, role }: HostEntry, version: string, outcome: Outcome): readonly string[] {
  const host = id.padEnd(14);
  switch (outcome.kind) {
    case "unchanged":
      return [`${host} unchanged  ${version}, ${outcome.state}`];
    case "deployed": {
      const was = outcome.previous === undefined ? "first version here" : `was ${outcome.previous}`;
      return [`${host} deployed   ${version} (${was}) in ${(outcome.ms / 1000).toFixed(1)} s, ${outcome.state}`];
    }
    case "rolled-back": {
      const now = outcome.ready ? `${outcome.to} serves again` : `${outcome.to} is back, but it is not ready either`;
      return [`${host} FAILED     ${version}: ${outcome.reason}; ${now}`, ...journal(outcome.journal)];
    }
    case "failed": {
      const next = `look at it with: zctl ssh ${id} journalctl -u zcloud-${role} -n 50`;
      return [`${host} FAILED     ${version}: ${outcome.reason}; ${next}`, ...journal(outcome.journal)];
    }
    case "unreachable":
      return [`${host} unreachable: ${outcome.reason}`];
  }
}

function journal(text: string): readonly string[] {
  return text === "" ? [] : text.split("\n").map((line) => `    | ${readable(line)}`);
}

/** A line of pino as people read it; anything else as it is. */
export function readable(line: string): string {
  const { time, level, msg, reason, err, subject } = parse(line);
  if (typeof msg !== "string") return line;
  const why = reason ?? (typeof err === "object" && err !== null && "message" in err ? err.message : undefined);
  const clock = typeof time === "string" ? `${time.slice(11, 19)} ` : "";
  const about = [subject, why].filter((part) => typeof part === "string").join(": ");
  return `${clock}${String(level)}  ${msg}${about === "" ? "" : `: ${about.replaceAll("\n", " ")}`}`;
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
