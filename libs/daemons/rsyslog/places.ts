/** Where an instance of rsyslogd has its things, for tests that run it beside others. */
export interface Instance {
  /** Without `.service`. */
  readonly unit: string;
  readonly config: string;
  readonly unitFile: string;
  /** The link that `systemctl enable` makes. */
  readonly enabled: string;
  /** What it must keep over a restart. */
  readonly state: string;
}

/** What every host of a site has to talk TLS with: the installation's CA, and the host's own certificate and key. */
export interface Identity {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

function instance(unit: string, file: string): Instance {
  return {
    unit,
    config: `/etc/zcloud-logs/${file}`,
    unitFile: `/etc/systemd/system/${unit}.service`,
    enabled: `/etc/systemd/system/multi-user.target.wants/${unit}.service`,
    // Debian's; it is there before a configuration is checked.
    state: "/var/spool/rsyslog",
  };
}

export const senderPlaces: Instance = instance("zcloud-log-sender", "sender.conf");
export const receiverPlaces: Instance = instance("zcloud-log-receiver", "receiver.conf");

export const identityPaths: Identity = {
  ca: "/etc/zcloud/pki/ca.crt",
  certificate: "/etc/zcloud/pki/host.crt",
  key: "/etc/zcloud/pki/host.key",
};

/** Of the site's log on znet: `<host>/2026-11-23.jsonl` and `<host>/access-2026-11-23.jsonl`, days in UTC. */
export const storeDirectory = "/var/log/zcloud";

/** Set back by this many lines at every start; more than RELP has under way without an acknowledgement (128). */
export const rewoundLines = 256;
