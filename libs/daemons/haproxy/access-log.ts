import { mapPath } from "./maps.ts";
import type { FrontSettings } from "./settings.ts";

/**
 * One JSON object a request. Times in milliseconds: `wait_ms` until the whole request was there, `queue_ms` until a
 * server took it (with the attempts before), `connect_ms`, `answer_ms` until the first byte, `total_ms`; -1 where it
 * did not come so far.
 */
function format({ site, paths, logAddresses }: FrontSettings): string {
  const source = logAddresses === "full" ? "src" : "src,ipmask(24,48)";
  const endpoint = `var(txn.slot),map_str(${mapPath(paths.maps, "endpoints")})`;
  const fields: readonly (readonly [string, string])[] = [
    ["at", "[accept_date(ms),ms_ltime(%Y-%m-%dT%H:%M:%S.%3N%z)]"],
    ["site", `[str(${site})]`],
    ["served_by", "[var(txn.servedby)]"],
    ["name", "[capture.req.hdr(0),host_only,lower,rtrim(.)]"],
    ["tenant", `[${endpoint},field(1,/)]`],
    ["endpoint", `[${endpoint}]`],
    ["client", `[${source}]`],
    ["method", "HM"],
    ["path", "HPO"],
    ["protocol", "[fc_http_major]"],
    ["status", "ST"],
    ["bytes", "B"],
    ["received", "U"],
    ["wait_ms", "TR"],
    ["queue_ms", "Tw"],
    ["connect_ms", "Tc"],
    ["answer_ms", "Tr"],
    ["total_ms", "Ta"],
    ["retries", "[txn.redispatched]"],
    ["ended", "tsc"],
    ["tls", "sslv"],
    ["cipher", "sslc"],
  ];
  return json(fields);
}

/** One JSON object a connection of a TCP service; `served_by` is the server's name, `peer.SITE` for the other site. */
export function tcpAccessLog(settings: FrontSettings): string[] {
  if (!logs(settings)) return [];
  const { site, paths, logAddresses } = settings;
  const endpoint = `var(sess.slot),map_str(${mapPath(paths.maps, "endpoints")})`;
  const fields: readonly (readonly [string, string])[] = [
    ["at", "[accept_date(ms),ms_ltime(%Y-%m-%dT%H:%M:%S.%3N%z)]"],
    ["site", `[str(${site})]`],
    ["server", "s"],
    ["port", "[dst_port]"],
    ["name", "[var(sess.sni)]"],
    ["tenant", `[${endpoint},field(1,/)]`],
    ["endpoint", `[${endpoint}]`],
    ["client", `[${logAddresses === "full" ? "src" : "src,ipmask(24,48)"}]`],
    ["bytes", "B"],
    ["received", "U"],
    ["connect_ms", "Tc"],
    ["total_ms", "Tt"],
    ["ended", "ts"],
  ];
  return [...sinks(settings), `    log-format "${json(fields)}"`];
}

function json(fields: readonly (readonly [string, string])[]): string {
  return `%{+json}o ${fields.map(([name, what]) => `%(${name})${what}`).join(" ")}`;
}

/** Datagrams: nobody waits for a log that is slow or away; a line that can't be taken is dropped. */
function sinks({ accessLog }: FrontSettings): string[] {
  return [
    "    # What went wrong is of level err.",
    "    option log-separate-errors",
    ...(accessLog === undefined
      ? []
      : ["    no log", `    log ${accessLog.target} len ${longest} format ${accessLog.format} local1`]),
  ];
}

/** Bytes of a line: a request's path may take a buffer, and JSON writes some of it longer. */
const longest = 24_000;

/** Whether requests are written down at all. */
const logs = ({ log, accessLog }: FrontSettings): boolean => log !== undefined || accessLog !== undefined;

/** Of the frontend that visitors come to. The name they asked for is captured, which costs less than a variable. */
export function accessLog(settings: FrontSettings): string[] {
  if (!logs(settings)) return [];
  return [...sinks(settings), "    capture request header host len 260", `    log-format "${format(settings)}"`];
}

/** `txn.servedby`: the site that answered, for the log. */
export function servedBy(settings: FrontSettings): string[] {
  return logs(settings) ? ["    http-after-response set-var(txn.servedby) res.hdr(x-zcloud-site)"] : [];
}

/**
 * Our own probes that went well are not written down: two a minute, endpoint, door and site say nothing new. Only from
 * our own hosts, so that no visitor hides.
 */
export function quietProbes(settings: FrontSettings): string[] {
  if (!logs(settings)) return [];
  return [
    "    http-request set-var(txn.probe) bool(true) if inside { req.hdr(user-agent) -m str zcloud-probe }",
    "    http-request set-log-level silent if { var(txn.probe) -m found }",
  ];
}

/** Of answers that say an error. */
export function loudProbes(settings: FrontSettings): string[] {
  return logs(settings) ? ["    http-after-response set-log-level err if { var(txn.probe) -m found }"] : [];
}
