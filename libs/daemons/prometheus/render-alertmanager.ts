import type { Alerts, ZMap } from "@zcloud/map";
import { stringify } from "yaml";

/** Files that Alertmanager reads its secrets from. */
export interface AlertSecrets {
  readonly mailPassword: string;
  readonly webhookUrl: string;
}

/** Whether anybody is to be told. */
export const tellsSomebody = ({ mail, webhook }: Alerts): boolean => mail !== undefined || webhook !== undefined;

/** alertmanager.yml of a site: one message for what belongs together, none for what follows from something else. */
export function renderAlertmanager({ alerts }: Pick<ZMap, "alerts">, secrets: AlertSecrets): string {
  const { mail, webhook } = alerts;
  const text = stringify(
    {
      global: { resolve_timeout: "5m" },
      route: {
        receiver: "people",
        group_by: ["alertname", "site"],
        group_wait: "30s",
        group_interval: "5m",
        repeat_interval: "12h",
        routes: [{ receiver: "nobody", matchers: ['alertname="Watchdog"'] }],
      },
      inhibit_rules: inhibitions,
      receivers: [
        { name: "nobody" },
        {
          name: "people",
          ...(mail === undefined ? {} : { email_configs: [mailTo(mail, secrets.mailPassword)] }),
          ...(webhook === undefined ? {} : { webhook_configs: [postTo(webhook, secrets.webhookUrl)] }),
        },
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
  return `# Written by zCloud from the map; changes are overwritten.\n${text}`;
}

const isOneOf = (names: readonly string[]): string => `alertname=~"${names.join("|")}"`;

/** What needs no word of its own while its cause is told: a host that is gone, a site that is cut off. */
const inhibitions = [
  {
    source_matchers: ['alertname="VmGone"'],
    target_matchers: [isOneOf(["ServiceGone", "ExporterGone", "VmSilent", "HaproxyGone", "BusGone", "DnsGone"])],
    equal: ["host"],
  },
  {
    source_matchers: ['alertname="ServiceGone"'],
    target_matchers: [isOneOf(["VmSilent"])],
    equal: ["host"],
  },
  { source_matchers: ['alertname="VmSilent"'], target_matchers: [isOneOf(["NumbersMissing"])], equal: ["host"] },
  // What only the other site serves is out of reach, and that is told once.
  { source_matchers: ['alertname="PeerAway"'], target_matchers: [isOneOf(["EndpointUnreachable"])], equal: ["site"] },
  { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: ["alertname", "host"] },
] as const;

function mailTo({ to, from, smarthost, user }: NonNullable<Alerts["mail"]>, password: string) {
  return {
    to: to.join(", "),
    from,
    smarthost,
    require_tls: true,
    send_resolved: true,
    ...(user === undefined ? {} : { auth_username: user, auth_password_file: password }),
    headers: { Subject: subject },
    html: "",
    text: body,
  };
}

function postTo({ url }: NonNullable<Alerts["webhook"]>, file: string) {
  return { ...(url === undefined ? { url_file: file } : { url }), send_resolved: true, max_alerts: 100 };
}

const subject = "[{{ .Status | toUpper }}] {{ .CommonLabels.site }}: {{ .GroupLabels.alertname }} ({{ len .Alerts }})";

const body = `{{ range .Alerts }}{{ .Annotations.summary }}
  {{ .Status }} since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}, {{ .Labels.severity }}, {{ .Annotations.runbook }}
{{ end }}`;
