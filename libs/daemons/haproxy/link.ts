import { connectTimeouts } from "./classes.ts";
import type { FrontSettings, PeerFront } from "./settings.ts";

/**
 * The way to the other site's front, one for all slots: TCP in, mutual TLS out. A slot's connection to it succeeds at
 * once, so that `timeout connect` of a slot can suit servers next door and leave time for many attempts, and the
 * distance has a time of its own here.
 *
 * It has a breaker: two failed connections in a row close it, whoever made them, and the next check that passes opens
 * it. Checks alone hardly ever close it: a site that starves must not lose the other one.
 */
export function peerLink({ paths, listen }: FrontSettings, { site, address, port, name }: PeerFront): string[] {
  return [
    "# The way to the other front, for all slots. A slot reaches it without delay; the distance has its own times here.",
    "defaults link",
    "    mode tcp",
    "    timeout client 1h",
    "    timeout server 1h",
    "",
    "frontend link-in from link",
    `    bind 127.0.0.1:${listen.link}`,
    "    default_backend link",
    "",
    "backend link from link",
    `    timeout connect ${connectTimeouts.distance}ms`,
    "    timeout check 2s",
    "    retries 0",
    "    # A front that vanishes while a request waits for it is noticed.",
    "    option srvtcpka",
    "    srvtcpka-idle 1s",
    "    srvtcpka-intvl 1s",
    "    srvtcpka-cnt 3",
    "    # Two failed connections in a row close it for everybody, the next check that passes opens it. Checks alone",
    "    # hardly ever close it: a machine that starves must not lose the other site.",
    `    server ${site} ${address}:${port} ssl crt ${paths.certificate} ca-file ${paths.ca} verify required verifyhost ${name} alpn h2 tcp-ut 4s check inter 1s downinter 300ms fall 10 rise 1 observe layer4 error-limit 2 on-error mark-down`,
    "",
  ];
}
