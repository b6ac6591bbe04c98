import { connectTimeouts } from "./classes.ts";
import type { FrontSettings, PeerFront } from "./settings.ts";

/** What HTTP/2 begins with: the preface and an empty SETTINGS frame (RFC 9113, 3.4); the other side says its own. */
const hello = { preface: "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a", settings: "000000040000000000" } as const;

/**
 * The way to the other site's front, one for all slots: HTTP/2 over TCP in, over mutual TLS out.
 *
 * Three failed checks in a row, of two seconds each, close it for everybody, and the next one that passes opens it:
 * long enough that a machine that starves keeps the other site, and one visitor after another doesn't wait for a site
 * that is gone. Visitors' own failures don't count: at a fail-over, on a starved machine, some of a hundred handshakes
 * are late.
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
    "    # Three failed checks close it for everybody, the next one that passes opens it.",
    "    # A check goes as far as the first words of HTTP/2: further than a handshake, and no request yet.",
    "    option tcp-check",
    "    tcp-check connect ssl alpn h2",
    `    tcp-check send-binary ${hello.preface}${hello.settings}`,
    "    tcp-check expect binary 0400000000",
    `    server ${site} ${address}:${port} ssl crt ${paths.certificate} ca-file ${paths.ca} verify required verifyhost ${name} alpn h2 tcp-ut 4s check inter 1s fastinter 300ms downinter 300ms fall 3 rise 1`,
    "",
  ];
}
