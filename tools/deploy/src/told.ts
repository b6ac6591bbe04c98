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
  return text === "" ? [] : text.split("\n").map((line) => `    | ${line}`);
}
