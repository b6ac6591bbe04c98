import { connectTimeouts, type SlotClass } from "./classes.ts";
import { type MapName, mapPath } from "./maps.ts";
import type { FrontSettings } from "./settings.ts";

const compression = [
  "    compression algo gzip",
  "    compression type text/html text/plain text/css text/javascript application/javascript application/json application/xml image/svg+xml",
];

/** A class has two kinds of backend: `e` for requests from the world, `l` for those that the peer's front hands over. */
export function slotDefaults({ paths }: FrontSettings, one: SlotClass): string[] {
  const map = (name: MapName): string => mapPath(paths.maps, name);
  const slot = "be_name,regsub(^l,e)";
  const common = [
    "    timeout check 1s",
    "    option redispatch 1",
    "    # A host that vanished while a request waits for it is noticed. (tcp-ut would say it for requests on their way",
    "    # too, but dynamic servers do not take it.)",
    "    option srvtcpka",
    "    srvtcpka-idle 1s",
    "    srvtcpka-intvl 1s",
    "    srvtcpka-cnt 3",
    ...(one.balance === "one" ? ["    balance first"] : ["    balance roundrobin", "    option allbackups"]),
    "    option httpchk",
    `    http-check send meth GET uri-lf "%[${slot},map_str(${map("health")},/)]" ver HTTP/1.1 hdr Host "%[${slot},map_str(${map("vhosts")},health.invalid)]" hdr User-Agent zcloud-check`,
    // A server for gRPC has no path that says how it is.
    ...(one.h2 ? ["    http-check expect rstatus ^[1-5]"] : []),
    "    # Asking twice must not do twice.",
    "    http-request disable-l7-retry if !METH_GET !{ method HEAD OPTIONS }",
    "    # A route that may keep silent longer than others.",
    "    http-request set-timeout server var(txn.silence) if { var(txn.silence) -m found }",
    "    http-request set-timeout tunnel var(txn.silence) if { var(txn.silence) -m found }",
  ];
  const cookie = (name: string): string[] =>
    one.balance === "sticky" ? [`    cookie ${name} insert indirect nocache httponly secure attr SameSite=Lax`] : [];
  const errors = "conn-failure empty-response junk-response";
  // The peer's own answer must come before this site gives up on it: it has nine tenths of the time.
  const inTime = (share: string): string[] => [
    `    http-request set-timeout server ${slot},map_str_int(${map("answers")},60000)${share} if METH_GET or { method HEAD OPTIONS }`,
    "    # In time means the first byte; a slow download is no failure.",
    "    http-response set-timeout server 60s",
    "    http-response set-timeout server var(txn.silence) if { var(txn.silence) -m found }",
  ];
  return [
    `defaults e-${one.name} from base`,
    `    timeout connect ${connectTimeouts.edge}ms`,
    ...common,
    `    retries ${one.retries}`,
    `    retry-on ${errors}${one.quick ? " response-timeout" : ""}${one.again500 ? " 500" : ""} 502 503 504`,
    ...(one.quick ? inTime("") : []),
    ...cookie("zcloud-server"),
    ...(one.gzip ? compression : []),
    "",
    `defaults l-${one.name} from base`,
    `    timeout connect ${connectTimeouts.site}ms`,
    ...common,
    `    retries ${one.retries}`,
    `    retry-on ${errors}`,
    ...(one.quick && one.balance === "one" ? inTime(",mul(9),div(10)") : []),
    ...cookie("zcloud-peer-server"),
    "",
  ];
}
