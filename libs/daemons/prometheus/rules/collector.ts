import type { AlertRule } from "./rule.ts";

const host = "{{ $labels.host }}";

/** Whether somebody still watches. */
export const collectorRules: readonly AlertRule[] = [
  {
    alert: "Watchdog",
    when: "vector(1)",
    ...{ lasting: "0s", severity: "none" },
    summary: "always there: Prometheus evaluates its rules",
  },
  {
    alert: "CollectorConfig",
    when: "prometheus_config_last_reload_successful == 0 or alertmanager_config_last_reload_successful == 0",
    ...{ lasting: "5m", severity: "warning" },
    summary: `{{ $labels.job }} of ${host} refuses its configuration and goes on with the one before`,
  },
  {
    alert: "RulesFailing",
    when: "increase(prometheus_rule_evaluation_failures_total[10m]) > 0",
    ...{ lasting: "5m", severity: "warning" },
    summary: `Prometheus of ${host} can't evaluate {{ $labels.rule_group }}`,
  },
  {
    alert: "ScrapeTooLarge",
    when: "increase(prometheus_target_scrapes_exceeded_sample_limit_total[10m]) > 0 or increase(prometheus_target_scrapes_exceeded_body_size_limit_total[10m]) > 0",
    ...{ lasting: "5m", severity: "warning" },
    summary: `a target of ${host} says more than Prometheus takes, so all it says is lost`,
  },
  {
    alert: "NumbersLost",
    when: "increase(prometheus_tsdb_compactions_failed_total[3h]) > 0 or increase(prometheus_tsdb_wal_corruptions_total[3h]) > 0",
    ...{ lasting: "1m", severity: "warning" },
    summary: `Prometheus of ${host} can't write its numbers to disk`,
  },
  {
    alert: "AlertmanagerGone",
    // Without anybody to tell there is no Alertmanager, and Prometheus counts each alert as dropped.
    when: 'up{job="alertmanager"} == 0 or (increase(prometheus_notifications_dropped_total[10m]) > 0 and on (host) up{job="alertmanager"} == 1)',
    ...{ lasting: "5m", severity: "warning" },
    summary: `Alertmanager of ${host} takes no alerts: nobody is told`,
  },
  {
    alert: "AlertsUndelivered",
    when: "sum by (site, host, integration) (increase(alertmanager_notifications_failed_total[10m])) > 0",
    ...{ lasting: "5m", severity: "critical" },
    summary: `Alertmanager of ${host} can't deliver by {{ $labels.integration }}`,
  },
];
