import { connectTimeouts, type SlotClass, type SlotClassName, slotClasses } from "./classes.ts";
import { fingerprint } from "./hash.ts";
import { peerLink } from "./link.ts";
import { mapPath, type Placed } from "./maps.ts";
import { pages } from "./pages.ts";
import type { Route } from "./routes.ts";
import { serverLine, slotServers } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";

/** A whole haproxy.cfg, and what identifies the part of it that only a reload can change. */
export interface RenderedConfig {
  readonly text: string;
  /** Stands in the configuration as `description`; `show info` says which one the running process has. */
  readonly description: string;
}

/**
 * haproxy.cfg of a front. `inputs` are texts outside of it that are read at start only (certificates of the peer link).
 * Everything but the `server` lines of the slots is static: those, map entries and certificates go by the runtime API.
 */
export function renderConfig(
  settings: FrontSettings,
  slots: ReadonlyMap<number, SlotClassName>,
  placed: readonly Placed[],
  inputs: readonly string[],
): RenderedConfig {
  const backends = [...slots].map(([slot, name]) => ({ slot, name }));
  const frame = [...defaults(settings), ...frontends(settings)];
  const pool = backends.map(({ slot, name }) => `${slot} ${name}`);
  const fixed = [...globals(settings, ""), ...frame, ...serverForms(settings), ...pool, ...inputs];
  const description = `zcloud-${fingerprint(fixed.join("\n"))}`;
  const routes = new Map(placed.map(({ route, slot }) => [slot, route]));
  const slotLines = backends.flatMap(({ slot, name }) => {
    const route = routes.get(slot);
    const servers = route === undefined ? [] : slotServers(slot, name, route, settings);
    return ["e", "l"].flatMap((side) => [
      `backend ${side}${slot} from ${side}-${name}`,
      ...servers.filter(({ backend }) => backend === `${side}${slot}`).map(serverLine),
    ]);
  });
  const text = [
    ...globals(settings, description),
    ...frame,
    "# The slots. A name comes to its slot by hosts.map.",
    ...slotLines,
  ];
  return { text: `${text.join("\n")}\n`, description };
}

/** How servers are written in each class: another release may write them differently, and running ones keep the old way. */
function serverForms(settings: FrontSettings): string[] {
  const servers = [{ id: "s", address: "192.0.2.1", port: 1, draining: false, host: "site/host" }];
  const route: Route = { key: "t/p/s", names: [], health: "/", answersWithin: undefined, servers, peer: true };
  return slotClasses.flatMap(({ name }) => slotServers(1, name, route, settings).map(serverLine));
}

function globals({ paths, sandbox, log, listen }: FrontSettings, description: string): string[] {
  return [
    "# Written by zCloud's zfront service. Changes are overwritten.",
    "global",
    `    description ${description}`,
    ...(log === undefined
      ? []
      : [
          `    log ${log}`,
          "    # Our service hears at once which server went down (alert) and which slot has none left (emerg).",
          `    log 127.0.0.1:${listen.alarms} len 256 local0 alert`,
        ]),
    ...(sandbox === undefined
      ? []
      : [`    user ${sandbox.user}`, `    group ${sandbox.group}`, `    chroot ${sandbox.chroot}`]),
    `    stats socket ${paths.socket} mode 600 level admin`,
    "    stats timeout 30s",
    "    fd-hard-limit 65536",
    "    spread-checks 5",
    "    # Tunnels (WebSocket) of an old process may end by themselves this long after a reload.",
    "    hard-stop-after 30m",
    "    # `crt host.crt` finds host.key.",
    "    ssl-load-extra-del-ext",
    "    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
    "    ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20",
    "    ssl-default-server-options ssl-min-ver TLSv1.3",
    "",
  ];
}

const html = 'content-type "text/html; charset=utf-8"';

function defaults(settings: FrontSettings): string[] {
  const error = (status: number, text: string): string =>
    `    http-error status ${status} ${html} hdr cache-control no-store hdr retry-after 30 string '${text}'`;
  const base = [
    "    mode http",
    ...(settings.log === undefined ? [] : ["    log global", "    option httplog", "    option dontlog-normal"]),
    "    option dontlognull",
    "    option idle-close-on-response",
    "    timeout http-request 10s",
    "    timeout http-keep-alive 60s",
    "    timeout client 60s",
    "    timeout server 60s",
    "    timeout tunnel 1h",
    error(502, pages.badGateway),
    error(503, pages.unavailable),
    error(504, pages.timeout),
  ];
  return [
    "defaults base",
    ...base,
    "    timeout connect 300ms",
    "",
    ...slotClasses.flatMap((one) => slotDefaults(settings, one)),
  ];
}

/** A class has two kinds of backend: `e` for requests from the world, `l` for those that the peer's front hands over. */
function slotDefaults({ paths }: FrontSettings, one: SlotClass): string[] {
  const map = (name: "health" | "vhosts" | "answers"): string => mapPath(paths.maps, name);
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
    ...(one.many ? ["    balance roundrobin", "    option allbackups"] : ["    balance first"]),
    "    option httpchk",
    `    http-check send meth GET uri-lf "%[${slot},map_str(${map("health")},/)]" ver HTTP/1.1 hdr Host "%[${slot},map_str(${map("vhosts")},health.invalid)]" hdr User-Agent zcloud-check`,
    "    # Asking twice must not do twice.",
    "    http-request disable-l7-retry if !METH_GET !{ method HEAD OPTIONS }",
  ];
  const errors = "conn-failure empty-response junk-response";
  // The peer's own answer must come before this site gives up on it: it has nine tenths of the time.
  const inTime = (share: string): string[] => [
    `    http-request set-timeout server ${slot},map_str_int(${map("answers")},60000)${share} if METH_GET or { method HEAD OPTIONS }`,
    "    # In time means the first byte; a slow download is no failure.",
    "    http-response set-timeout server 60s",
  ];
  return [
    `defaults e-${one.name} from base`,
    `    timeout connect ${connectTimeouts.edge}ms`,
    ...common,
    `    retries ${one.retries}`,
    `    retry-on ${errors}${one.quick ? " response-timeout" : ""} 502 503 504`,
    ...(one.quick ? inTime("") : []),
    "",
    `defaults l-${one.name} from base`,
    `    timeout connect ${connectTimeouts.site}ms`,
    ...common,
    `    retries ${one.retries}`,
    `    retry-on ${errors}`,
    ...(one.quick && !one.many ? inTime(",mul(9),div(10)") : []),
    "",
  ];
}

function frontends(settings: FrontSettings): string[] {
  const { site, paths, listen, acmeThumbprint, peer } = settings;
  const lookUp = `    http-request set-var(txn.slot) req.hdr(host),host_only,lower,rtrim(.),map_str(${mapPath(paths.maps, "hosts")})`;
  const challenge = [
    "    # RFC 8555, 8.3. Both fronts have one account, so either can answer whatever the CA asks, for any name.",
    `    http-request return status 200 content-type text/plain lf-string "%[path,field(4,/)].${acmeThumbprint}" if { path_reg ^/\\.well-known/acme-challenge/[A-Za-z0-9_-]{16,256}$ }`,
  ];
  return [
    "frontend http from base",
    `    bind ${listen.http}`,
    ...(acmeThumbprint === undefined ? [] : challenge),
    lookUp,
    "    http-request redirect prefix https://%[req.hdr(host),host_only] code 308 if { var(txn.slot) -m found }",
    `    http-after-response set-header x-zcloud-site ${site}`,
    "    default_backend nobody",
    "",
    "frontend tls from base",
    `    bind ${listen.https} ssl crt ${paths.placeholder} crt-list ${paths.crtList} alpn h2,http/1.1`,
    lookUp,
    "    # Who the client is, said by us alone.",
    "    http-request del-header x-zcloud- -m beg",
    "    http-request del-header forwarded",
    "    http-request del-header proxy",
    "    http-request set-header x-forwarded-for %[src]",
    "    http-request set-header x-forwarded-proto https",
    "    http-request set-header x-forwarded-host %[req.hdr(host)]",
    "    http-request set-header x-real-ip %[src]",
    "    # The peer could not serve it (521, which is never asked again): its own status is in x-zcloud-status.",
    "    http-response set-status 502 if { srv_name -m beg peer. } { status 521 } { res.hdr(x-zcloud-status) 502 }",
    "    http-response set-status 504 if { srv_name -m beg peer. } { status 521 } { res.hdr(x-zcloud-status) 504 }",
    "    http-response set-status 503 if { srv_name -m beg peer. } { status 521 }",
    "    http-response del-header x-zcloud-status",
    `    http-response set-header x-zcloud-site ${site} unless { srv_name -m beg peer. }`,
    "    # The way to the peer broke: our own 502, without the name of a site, and nobody is there.",
    "    http-after-response set-status 503 if { status 502 } { srv_name -m beg peer. } ! { res.hdr(x-zcloud-site) -m found }",
    `    http-after-response set-header x-zcloud-site ${site} unless { res.hdr(x-zcloud-site) -m found }`,
    "    use_backend e%[var(txn.slot)] if { var(txn.slot) -m found }",
    "    default_backend nobody",
    "",
    ...(peer === undefined ? [] : [...peerFrontend(settings, peer.name, lookUp), ...peerLink(settings, peer)]),
    "# What the breakers of last resorts ask (servers of slots with `port` and this number).",
    "frontend self from base",
    `    bind 127.0.0.1:${listen.self}`,
    "    http-request return status 200",
    "",
    "backend nobody from base",
    `    http-request return status 404 ${html} hdr cache-control no-store string '${pages.unknown}'`,
    "",
  ];
}

function peerFrontend({ site, paths, listen }: FrontSettings, peerName: string, lookUp: string): string[] {
  return [
    "frontend peer from base",
    `    bind ${listen.peer} ssl crt ${paths.certificate} ca-file ${paths.ca} verify required ssl-min-ver TLSv1.3 alpn h2`,
    "    # Every host has a certificate of this CA; only the other front may say who a client is.",
    `    tcp-request session reject unless { ssl_c_s_dn(cn) -m str ${peerName} }`,
    lookUp,
    '    # The other front must not take "nobody here" for a failure that is worth another try.',
    "    http-after-response del-header x-zcloud-status",
    "    http-after-response set-header x-zcloud-status %[status] if { status 502 503 504 }",
    "    http-after-response set-status 521 if { status 502 503 504 }",
    `    http-after-response set-header x-zcloud-site ${site}`,
    "    # Only l-slots, which know only this site: a loop can't be built.",
    "    use_backend l%[var(txn.slot)] if { var(txn.slot) -m found }",
    "    default_backend nowhere",
    "",
    "backend nowhere from base",
    "",
  ];
}
