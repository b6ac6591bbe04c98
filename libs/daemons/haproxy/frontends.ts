import { accessLog, loudProbes, quietProbes, servedBy } from "./access-log.ts";
import { exporterFrontend } from "./exporter.ts";
import { clientLimit, connectionLimit, routeLimits } from "./limits.ts";
import { peerLink } from "./link.ts";
import { type MapName, mapPath, optionFields, routeModes } from "./maps.ts";
import { html, maintenancePage, pages } from "./pages.ts";
import { passthroughRedirect, peekedClient, peekFrontend } from "./passthrough.ts";
import type { FrontSettings } from "./settings.ts";

/** A field of the route's entry in options.map, as a sample expression. */
const field = (name: (typeof optionFields)[number]): string =>
  `var(txn.options),field(${optionFields.indexOf(name) + 1},|)`;

/**
 * Where connections come in: from the world, from the peer's front, and from this HAProxy's own checks. `peeks`: there are
 * names whose TLS is not opened here (passthrough.ts).
 */
export function frontends(settings: FrontSettings, peeks: boolean): string[] {
  const { listen, paths, peer } = settings;
  return [
    ...httpFrontend(settings, peeks),
    ...(peeks ? peekFrontend(settings) : []),
    ...tlsFrontend(settings, peeks),
    ...(peer === undefined ? [] : [...peerFrontend(settings, peer.name), ...peerLink(settings, peer)]),
    ...exporterFrontend(settings),
    "# What the breakers of last resorts ask (servers of slots with `port` and this number).",
    "frontend self from base",
    `    bind 127.0.0.1:${listen.self}`,
    "    # A map must stand in the configuration to be there, also while nothing asks it.",
    ...(["endpoints", "ports", "passthrough", "greets"] as const).map((name) => {
      return `    http-request set-var(txn.unused) str(),map_str(${mapPath(paths.maps, name)}) if FALSE`;
    }),
    "    http-request return status 200",
    "",
    "backend nobody from base",
    `    http-request return status 404 ${html} hdr cache-control no-store string '${pages.unknown}'`,
    "",
  ];
}

/**
 * `txn.slot` of the longest name with path that the request begins with, where the client writes the name as it stands in
 * the map. A number, or one with an `o` before it where the route has options.
 */
function lookUp({ paths }: FrontSettings): string {
  return `    http-request set-var(txn.slot) base,concat(/),map_beg(${mapPath(paths.maps, "hosts")})`;
}

/** Ends the rules for nearly all requests: they are for a name as it stands in the map and a route without options. */
const usual = "    http-request allow if { var(txn.slot) -m int gt 0 }";

/** `txn.host`, `txn.slot` for a name however it is written, and `txn.options` where its route has some. */
function lookCloser({ paths }: FrontSettings): string[] {
  const map = (name: MapName): string => mapPath(paths.maps, name);
  const found = "{ var(txn.slot) -m found }";
  return [
    "    http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)",
    `    http-request set-var-fmt(txn.place) "%[var(txn.host)]%[path]/" unless ${found}`,
    `    http-request set-var(txn.slot) var(txn.place),map_beg(${map("hosts")}) unless ${found}`,
    `    http-request set-var(txn.slot) var(txn.slot),ltrim(o) if ${found}`,
    `    http-request set-var(txn.options) var(txn.slot),map_str(${map("options")})`,
    `    http-request set-var(txn.silence) ${field("timeout")} if { var(txn.options) -m found } !{ ${field("timeout")} 0 }`,
  ];
}

const isMode = (mode: keyof typeof routeModes): string => `{ ${field("mode")} -m str ${routeModes[mode]} }`;

/** RFC 9112, 3.2. */
const needsHost = "    http-request deny deny_status 400 if !{ var(txn.slot) -m found } !{ req.hdr(host) -m found }";

/** A name that only sends its visitors elsewhere. */
function redirects({ paths }: FrontSettings): string[] {
  return [
    `    http-request set-var(txn.to) var(txn.host),map_str(${mapPath(paths.maps, "redirects")}) unless { var(txn.slot) -m found }`,
    "    http-request redirect prefix %[var(txn.to)] code 308 if { var(txn.to) -m found }",
  ];
}

function httpFrontend(settings: FrontSettings, peeks: boolean): string[] {
  const { site, listen, acmeThumbprint } = settings;
  const challenge = [
    "    # RFC 8555, 8.3. Both fronts have one account, so either can answer whatever the CA asks, for any name.",
    `    http-request return status 200 content-type text/plain lf-string "%[path,field(4,/)].${acmeThumbprint}" if { path_reg ^/\\.well-known/acme-challenge/[A-Za-z0-9_-]{16,256}$ }`,
  ];
  return [
    "frontend http from base",
    `    bind ${listen.http}`,
    ...accessLog(settings),
    ...connectionLimit(settings),
    ...(peeks ? passthroughRedirect(settings) : []),
    ...(acmeThumbprint === undefined ? [] : challenge),
    ...clientLimit(settings),
    lookUp(settings),
    ...lookCloser(settings),
    needsHost,
    ...redirects(settings),
    "    http-request redirect prefix https://%[var(txn.host)] code 308 if { var(txn.slot) -m found }",
    `    http-after-response set-header x-zcloud-site ${site}`,
    "    default_backend nobody",
    "",
  ];
}

function tlsFrontend(settings: FrontSettings, peeks: boolean): string[] {
  const { site, paths, listen } = settings;
  const bind = peeks ? `${listen.peeked} accept-proxy` : listen.https;
  return [
    "frontend tls from base",
    `    bind ${bind} ssl crt ${paths.placeholder} crt-list ${paths.crtList} alpn h2,http/1.1`,
    ...accessLog(settings),
    ...(peeks ? peekedClient(settings) : connectionLimit(settings)),
    ...quietProbes(settings),
    ...clientLimit(settings),
    lookUp(settings),
    "    # Who the client is, said by us alone. What is done here is done for every request, so there is little of it.",
    "    http-request del-header x-forwarded- -m beg",
    "    http-request del-header x-zcloud- -m beg",
    "    http-request del-header x-real-ip",
    "    http-request del-header forwarded",
    "    http-request del-header proxy",
    "    option forwardfor",
    "    http-request add-header x-forwarded-proto https",
    usual,
    ...lookCloser(settings),
    needsHost,
    ...routeLimits(field),
    `    http-request set-var(txn.maxbody) ${field("maxBody")} if { var(txn.options) -m found }`,
    `    http-request return status 413 ${html} hdr connection close string '${pages.tooLarge}' if { var(txn.maxbody) -m int gt 0 } { req.body_size,sub(txn.maxbody) gt 0 }`,
    ...redirects(settings),
    `    http-request return status 503 ${html} hdr cache-control no-store hdr retry-after 300 lf-string '${maintenancePage(`%[${field("reason")},url_dec]`)}' if ${isMode("maintenance")}`,
    `    http-request set-header x-real-ip %[src] if { ${field("realIp")} 1 }`,
    `    http-request set-header x-forwarded-host %[req.hdr(host)] if { ${field("realIp")} 1 }`,
    "    # All servers here are drained. If the other site has nobody, it shall say so by 503, and one of them is asked.",
    `    http-request set-header x-zcloud-away 1 if ${isMode("away")}`,
    `    http-response set-header strict-transport-security "max-age=%[${field("hsts")}]" if { var(txn.options) -m found } !{ ${field("hsts")} 0 }`,
    `    http-after-response set-header x-zcloud-site ${site} unless { srv_name -m beg peer. }`,
    ...servedBy(settings),
    "    http-after-response allow if { status lt 400 }",
    ...loudProbes(settings),
    "    http-after-response allow unless { srv_name -m beg peer. }",
    "    # The peer could not serve it (521, which is never asked again): its own status is in x-zcloud-status.",
    "    http-after-response set-status 502 if { status 521 } { res.hdr(x-zcloud-status) 502 }",
    "    http-after-response set-status 504 if { status 521 } { res.hdr(x-zcloud-status) 504 }",
    "    http-after-response set-status 503 if { status 521 }",
    "    http-after-response del-header x-zcloud-status",
    "    http-after-response allow if { res.hdr(x-zcloud-site) -m found }",
    "    # The way to the peer broke: our own 502, without the name of a site, and nobody is there.",
    "    http-after-response set-status 503 if { status 502 }",
    `    http-after-response set-header x-zcloud-site ${site}`,
    ...servedBy(settings),
    "    # An unknown name has no slot, and there is no backend `e`.",
    "    use_backend e%[var(txn.slot)]",
    "    default_backend nobody",
    "",
  ];
}

function peerFrontend(settings: FrontSettings, peerName: string): string[] {
  const { site, paths, listen } = settings;
  return [
    "frontend peer from base",
    `    bind ${listen.peer} ssl crt ${paths.certificate} ca-file ${paths.ca} verify required ssl-min-ver TLSv1.3 alpn h2`,
    "    # Every host has a certificate of this CA; only the other front may say who a client is.",
    `    tcp-request session reject unless { ssl_c_s_dn(cn) -m str ${peerName} }`,
    "    http-request set-var(txn.away) req.hdr(x-zcloud-away)",
    "    http-request del-header x-zcloud-away",
    lookUp(settings),
    usual,
    ...lookCloser(settings),
    '    # The other front must not take "nobody here" for a failure that is worth another try.',
    "    http-after-response del-header x-zcloud-status",
    "    http-after-response set-header x-zcloud-status %[status] if { status 502 503 504 }",
    "    http-after-response set-status 521 if { status 502 503 504 } !{ var(txn.away) -m found }",
    `    http-after-response set-header x-zcloud-site ${site}`,
    "    # Only l-slots, which know only this site: a loop can't be built.",
    "    use_backend l%[var(txn.slot)]",
    "    default_backend nowhere",
    "",
    "backend nowhere from base",
    "",
  ];
}
