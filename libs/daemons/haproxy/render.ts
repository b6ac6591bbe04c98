import { type SlotClass, type SlotClassName, slotClasses } from "./classes.ts";
import { frontends } from "./frontends.ts";
import { globals } from "./globals.ts";
import { fingerprint } from "./hash.ts";
import { counters } from "./limits.ts";
import type { Placed } from "./maps.ts";
import { html, pages } from "./pages.ts";
import type { Route } from "./routes.ts";
import { serverLine, slotServers } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";
import { slotDefaults } from "./slot-defaults.ts";
import { tcpDefaults, tcpFrontends, tcpSlotDefaults } from "./tcp.ts";

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
  const used = new Set(slots.values());
  const classes = slotClasses.filter(({ name }) => used.has(name));
  const peeks = placed.some(({ route }) => route.passthrough !== undefined);
  const frame = [
    ...defaults(settings, classes),
    ...counters(settings),
    ...frontends(settings, peeks),
    ...tcpFrontends(settings, peeks),
  ];
  const pool = backends.map(({ slot, name }) => `${slot} ${name}`);
  const fixed = [
    ...globals(settings, "", slots.size),
    ...frame,
    ...serverForms(settings, classes, slots.size),
    ...pool,
    ...inputs,
  ];
  const description = `zcloud-${fingerprint(fixed.join("\n"))}`;
  const routes = new Map(placed.map(({ route, slot }) => [slot, route]));
  const slotLines = backends.flatMap(({ slot, name }) => {
    const route = routes.get(slot);
    const servers = route === undefined ? [] : slotServers(slot, name, route, settings, slots.size);
    return ["e", "l"].flatMap((side) => [
      `backend ${side}${slot} from ${side}-${name}`,
      ...servers.filter(({ backend }) => backend === `${side}${slot}`).map(serverLine),
    ]);
  });
  const text = [
    ...globals(settings, description, slots.size),
    ...frame,
    "# The slots. A name comes to its slot by hosts.map.",
    ...slotLines,
  ];
  return { text: `${text.join("\n")}\n`, description };
}

const anyRoute = {
  key: "t/p/s",
  names: [],
  places: [],
  redirects: new Map(),
  health: "/",
  answersWithin: undefined,
  http: {},
  tenantRate: undefined,
  port: undefined,
  proxyProtocol: true,
  peer: true,
} as const;

/** How servers are written in each class: another release may write them differently, and running ones keep the old way. */
function serverForms(settings: FrontSettings, classes: readonly SlotClass[], pool: number): string[] {
  const servers = [{ id: "s", address: "192.0.2.1", port: 1, draining: false, host: "site/host" }];
  const route: Route = { ...anyRoute, servers };
  return classes.flatMap(({ name }) => slotServers(1, name, route, settings, pool).map(serverLine));
}

function defaults(settings: FrontSettings, classes: readonly SlotClass[]): string[] {
  const error = (status: number, text: string): string =>
    `    http-error status ${status} ${html} hdr cache-control no-store hdr retry-after 30 string '${text}'`;
  const base = [
    "    mode http",
    ...(settings.log === undefined ? [] : ["    log global"]),
    "    option dontlognull",
    "    # X_Forwarded_For and the like would become X-Forwarded-For in some applications.",
    "    option http-restrict-req-hdr-names delete",
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
    ...tcpDefaults(settings),
    ...classes.flatMap((one) => (one.mode === "http" ? slotDefaults(settings, one) : tcpSlotDefaults(one))),
  ];
}
