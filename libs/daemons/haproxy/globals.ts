import { checkSpread } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";

/** Of clients at once. Each takes two files and some 40 KiB. */
const mostConnections = 50_000;

export function globals({ paths, sandbox, log, listen }: FrontSettings, description: string, pool: number): string[] {
  return [
    "# Written by zCloud's zfront service. Changes are overwritten.",
    "global",
    `    description ${description}`,
    ...(log === undefined
      ? []
      : [
          "    # Requests that went well go to the access log only.",
          `    log ${log} notice`,
          "    # Our service hears at once which server went down (alert) and which slot has none left (emerg).",
          `    log 127.0.0.1:${listen.alarms} len 256 local0 alert`,
        ]),
    ...(sandbox === undefined
      ? []
      : [`    user ${sandbox.user}`, `    group ${sandbox.group}`, `    chroot ${sandbox.chroot}`]),
    `    stats socket ${paths.socket} mode 600 level admin`,
    "    stats timeout 30s",
    "    localpeer front",
    "    fd-hard-limit 262144",
    "    # Every checked server counts as a file at the start; a front with ten thousand routes must start all the same,",
    "    # and not take what is left of the files for the number of connections: that came to 100.",
    "    no strict-limits",
    `    maxconn ${mostConnections}`,
    "    spread-checks 5",
    `    max-spread-checks ${checkSpread(pool)}ms`,
    "    # Tunnels (WebSocket) of an old process may end by themselves this long after a reload.",
    "    hard-stop-after 30m",
    "    # `crt host.crt` finds host.key.",
    "    ssl-load-extra-del-ext",
    "    # The client knows which cipher its processor is fast at.",
    "    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets prefer-client-ciphers",
    "    ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20",
    "    ssl-default-server-options ssl-min-ver TLSv1.3",
    "    # Bytes of buffers that a thread keeps at hand; with the default, those of 30 requests at once.",
    "    tune.memory.hot-size 8388608",
    "    # A client whose HTTP/2 is full of oddities (resets, empty frames) is let go.",
    "    tune.h2.fe.glitches-threshold 1024",
    "",
  ];
}
