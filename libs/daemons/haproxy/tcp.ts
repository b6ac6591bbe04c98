import { tcpAccessLog } from "./access-log.ts";
import { connectTimeouts, type SlotClass } from "./classes.ts";
import { greetsFirst } from "./greeting.ts";
import { connectionLimit } from "./limits.ts";
import { mapPath } from "./maps.ts";
import { byName, peekedSlot, speaksTls } from "./passthrough.ts";
import type { FrontSettings } from "./settings.ts";

/**
 * The map's TCP services. A connection goes to the slot of its port: this site's server, then the peer.
 *
 * The hop: a slot hands the connection to `tcp-link` with the PROXY protocol before its first byte, which carries the
 * visitor's address and the public port; both travel inside the mutual TLS to the other front, which believes them
 * because only the other front can say them, and which knows l-slots only: a loop can't be built.
 */
export function tcpFrontends(settings: FrontSettings, peeks: boolean): string[] {
  const { listen, paths, peer } = settings;
  if (listen.tcp.length === 0 && !peeks) return [];
  const slot = `dst_port,map_str(${mapPath(paths.maps, "ports")})`;
  const lead = (side: "e" | "l"): string[] => [
    "    # No such service here, or one in maintenance.",
    "    tcp-request content reject unless { var(sess.slot) -m int gt 0 }",
    `    use_backend ${side}%[var(sess.slot)]`,
    "",
  ];
  const world = [
    "# TCP services of the map.",
    "frontend tcp from base-tcp",
    ...listen.tcp.map((address) => `    bind ${address}`),
    ...tcpAccessLog(settings),
    ...connectionLimit(settings),
    `    tcp-request content set-var(sess.slot) ${slot}`,
    ...lead("e"),
  ];
  return [
    ...(listen.tcp.length === 0 ? [] : world),
    ...(peer === undefined
      ? []
      : [
          "frontend tcp-link-in from base-tcp",
          `    bind 127.0.0.1:${listen.tcpLink}`,
          "    default_backend tcp-link",
          "",
          "backend tcp-link from base-tcp",
          `    timeout connect ${connectTimeouts.distance}ms`,
          `    server ${peer.site} ${peer.address}:${peer.tcpPort} ssl crt ${paths.certificate} ca-file ${paths.ca} verify required verifyhost ${peer.name} tcp-ut 10s`,
          "",
          "frontend tcp-peer from base-tcp",
          `    bind ${listen.tcpPeer} ssl crt ${paths.certificate} ca-file ${paths.ca} verify required ssl-min-ver TLSv1.3`,
          "    # Every host has a certificate of this CA; only the other front may say who a visitor is.",
          `    tcp-request session reject unless { ssl_c_s_dn(cn) -m str ${peer.name} }`,
          "    default_backend tcp-arrived",
          "",
          "backend tcp-arrived from base-tcp",
          `    server self 127.0.0.1:${listen.tcpLocal}`,
          "",
          "frontend tcp-local from base-tcp",
          `    bind 127.0.0.1:${listen.tcpLocal} accept-proxy`,
          `    tcp-request content set-var(sess.slot) ${slot}`,
          ...(peeks ? peekedSlot(settings, `{ dst_port ${byName} }`) : []),
          ...lead("l"),
        ]),
  ];
}

export function tcpDefaults({ log }: FrontSettings): string[] {
  return [
    "defaults base-tcp",
    "    mode tcp",
    ...(log === undefined ? [] : ["    log global"]),
    "    option dontlognull",
    "    # IMAP waits half an hour for news (RFC 2177); a visitor or a server that is gone is noticed before.",
    "    timeout client 1h",
    "    timeout server 1h",
    "    timeout connect 1s",
    "    option clitcpka",
    "    clitcpka-idle 60s",
    "    clitcpka-intvl 10s",
    "    clitcpka-cnt 3",
    "    option srvtcpka",
    "    srvtcpka-idle 60s",
    "    srvtcpka-intvl 10s",
    "    srvtcpka-cnt 3",
    "",
  ];
}

/** Of a class for connections that are passed on, both kinds of backend. */
export function tcpSlotDefaults(settings: FrontSettings, one: SlotClass): string[] {
  return (["edge", "site"] as const).flatMap((kind) => [
    `defaults ${kind === "edge" ? "e" : "l"}-${one.name} from base-tcp`,
    `    timeout connect ${connectTimeouts[kind]}ms`,
    ...(one.greets ? greetsFirst(settings, kind === "site" && one.balance === "one") : ["    timeout check 1s"]),
    ...(one.mode === "tls" ? speaksTls : []),
    `    retries ${one.retries}`,
    "    option redispatch 1",
    ...(one.balance === "one" ? ["    balance first"] : ["    balance leastconn", "    option allbackups"]),
    "",
  ]);
}
