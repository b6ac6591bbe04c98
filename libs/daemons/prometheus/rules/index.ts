import { stringify } from "yaml";
import { collectorRules } from "./collector.ts";
import { hostRules } from "./hosts.ts";
import { type AlertRule, runbookOf } from "./rule.ts";
import { serviceRules } from "./services.ts";

export { type AlertRule, handbook, runbookOf } from "./rule.ts";

export const ruleGroups: Readonly<Record<string, readonly AlertRule[]>> = {
  hosts: hostRules,
  services: serviceRules,
  collector: collectorRules,
};

/** The rules as Prometheus reads them. */
export function renderRules(): string {
  const groups = Object.entries(ruleGroups).map(([name, rules]) => ({
    name,
    rules: rules.map((rule) => ({
      alert: rule.alert,
      expr: rule.when,
      ...(rule.lasting === "0s" ? {} : { for: rule.lasting }),
      labels: { severity: rule.severity },
      annotations: { summary: rule.summary, runbook: runbookOf(rule) },
    })),
  }));
  return `# Written by zCloud; changes are overwritten.\n${stringify({ groups }, { lineWidth: 0 })}`;
}
