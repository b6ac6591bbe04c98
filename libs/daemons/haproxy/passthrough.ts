import { tcpAccessLog } from "./access-log.ts";
import { client } from "./limits.ts";
import { mapPath } from "./maps.ts";
import type { FrontSettings } from "./settings.ts";

/** Public port that a passed-through connection has on the hop to the peer: the one of all names. */
export const byName = 443;

/** A ClientHello (RFC 5246, 7.4.1.2) that no server has a cipher for: who speaks TLS says so by an alert, and signs nothing. */
const hello = ["160301002d", "01000029", "0303", "00".repeat(32), "00", "000200ff", "0100"].join("");

/**
 * A check of a server that has the keys itself: it speaks TLS, whatever its certificates are. Our own handshake would
 * need a name that it has a certificate for, and it may be about to get one through us (tls-alpn-01).
 */
export const speaksTls: readonly string[] = [
  "    option tcp-check",
  `    tcp-check send-binary ${hello}`,
  "    # An alert, or an answer (RFC 8446, 5.1). Last resorts ask this HAProxy itself (servers.ts), which says HTTP.",
  "    tcp-check expect rbinary ^(1[56]03|48545450)",
];

/**
 * `sess.slot` and `sess.sni` of the name that a ClientHello asks for, which is waited for where `when` holds; what is not
 * TLS ends.
 */
export function peekedSlot({ paths }: FrontSettings, when = ""): string[] {
  const isHello = "{ req.ssl_hello_type 1 }";
  const here = when === "" ? "" : `${when} `;
  return [
    "    tcp-request inspect-delay 5s",
    `    tcp-request content reject if ${here}!${isHello}`,
    `    tcp-request content set-var(sess.sni) req.ssl_sni,lower,rtrim(.) if ${here}${isHello}`,
    `    tcp-request content set-var(sess.slot) var(sess.sni),map_str(${mapPath(paths.maps, "passthrough")}) if { var(sess.sni) -m found }`,
  ];
}

/**
 * In front of the TLS frontend while there are names whose owners keep their own keys: looks at the name that a connection
 * asks for, unopened, and leads those to their slots. All others go to the TLS frontend, with who they are by the PROXY
 * protocol, through the kernel and not through the network.
 */
export function peekFrontend(settings: FrontSettings): string[] {
  const { listen, limits, inside } = settings;
  const found = "{ var(sess.slot) -m found }";
  return [
    "# Names whose TLS is not opened here are looked for first.",
    "frontend peek from base-tcp",
    `    bind ${listen.https}`,
    ...tcpAccessLog(settings),
    `    acl inside src ${inside.join(" ")}`,
    `    tcp-request connection track-sc0 ${client} table count-peeks unless inside`,
    `    tcp-request connection reject if { sc0_conn_cur gt ${limits.connectionsPerClient} }`,
    ...peekedSlot(settings),
    `    tcp-request content reject if ${found} !{ var(sess.slot) -m int gt 0 }`,
    `    tcp-request content set-dst-port int(${byName}) if ${found}`,
    `    tcp-request content set-log-level silent unless ${found}`,
    `    use_backend e%[var(sess.slot)] if ${found}`,
    "    default_backend peeked",
    "",
    "backend peeked from base-tcp",
    `    server tls ${listen.peeked} send-proxy-v2`,
    "",
    "backend count-peeks from base-tcp",
    "    stick-table type ipv6 size 200k expire 60s store conn_cur",
    "",
  ];
}

/** Of the TLS frontend behind `peek`, which has counted connections: who the client is, for what is counted of requests. */
export function peekedClient({ inside }: FrontSettings): string[] {
  return [
    `    acl inside src ${inside.join(" ")}`,
    `    tcp-request session track-sc0 ${client} table count-clients unless inside`,
  ];
}

/**
 * Port 80 of such names, also for challenges: their own ACME client answers http-01 over https, where authorities follow
 * (RFC 8555, 8.3), or tls-alpn-01.
 */
export function passthroughRedirect({ paths }: FrontSettings): string[] {
  const known = `req.hdr(host),host_only,lower,rtrim(.),map_str(${mapPath(paths.maps, "passthrough")}) -m found`;
  return [
    `    http-request redirect prefix https://%[req.hdr(host),host_only,lower,rtrim(.)] code 308 if { ${known} }`,
  ];
}
