/** An alert: when, and what it says to people. */
export interface AlertRule {
  readonly alert: string;
  /** PromQL. Its labels `site` and `host` say where. */
  readonly when: string;
  /** How long it must be so: `2m`. */
  readonly lasting: string;
  readonly severity: "critical" | "warning" | "none";
  /** Names the host, or whatever else it is about, by `{{ $labels.host }}`. */
  readonly summary: string;
}

/** Where the runbook of an alert stands: its heading in the operator's handbook. */
export const handbook = "docs/operations.md";
export const runbookOf = ({ alert }: Pick<AlertRule, "alert">): string => `${handbook}#${alert.toLowerCase()}`;
