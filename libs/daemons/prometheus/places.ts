/** One of Debian's three daemons of Prometheus: what it is called, and where it has its things. Tests run it elsewhere. */
export interface MonitorPlaces {
  /** Debian's unit, and how its loop is called. */
  readonly unit: string;
  /** Drop-in of the unit. */
  readonly dropIn: string;
  /** The link that `systemctl enable` makes. */
  readonly enabled: string;
  /** Undefined: it has none. */
  readonly config: string | undefined;
  /** Files that the configuration names; nothing else is in there. */
  readonly aside: string;
  readonly state: string;
  /** Address and port at which it answers. */
  readonly listen: string;
  /** Answers 200 when it does its work. */
  readonly ready: string;
  /** `prometheus_config_last_reload_...` */
  readonly prefix: string;
  /** `user:group` of what it must read and nobody else. */
  readonly owner: string;
}

/** Loopback of a znet only: the operator comes by SSH. */
export const prometheusPort = 9090;
export const alertmanagerPort = 9093;

/** Files that the operator puts onto each znet; root's, 0600. */
export const secretPaths = {
  mailPassword: "/etc/zcloud/secrets/alerts-mail-password",
  webhookUrl: "/etc/zcloud/secrets/alerts-webhook-url",
} as const;

const debian = (unit: string) => ({
  unit: `${unit}.service`,
  dropIn: `/etc/systemd/system/${unit}.service.d/zcloud.conf`,
  enabled: `/etc/systemd/system/multi-user.target.wants/${unit}.service`,
  owner: "root:prometheus",
});

export const prometheusPlaces: MonitorPlaces = {
  ...debian("prometheus"),
  config: "/etc/prometheus/zcloud.yml",
  aside: "/etc/prometheus/zcloud-rules",
  state: "/var/lib/prometheus/zcloud",
  listen: `127.0.0.1:${prometheusPort}`,
  ready: "/-/ready",
  prefix: "prometheus",
};

export const alertmanagerPlaces: MonitorPlaces = {
  ...debian("prometheus-alertmanager"),
  config: "/etc/prometheus/zcloud-alertmanager.yml",
  aside: "/etc/prometheus/zcloud-secrets",
  state: "/var/lib/prometheus/zcloud-alertmanager",
  listen: `127.0.0.1:${alertmanagerPort}`,
  ready: "/-/ready",
  prefix: "alertmanager",
};

/** Listens at `listen`. */
export function nodeExporterPlaces(listen: string): MonitorPlaces {
  return {
    ...debian("prometheus-node-exporter"),
    ...{ config: undefined, aside: "/etc/prometheus/zcloud-node", state: "/var/lib/prometheus" },
    ...{ listen, ready: "/", prefix: "node" },
  };
}
