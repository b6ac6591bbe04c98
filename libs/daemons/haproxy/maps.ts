import { byText } from "./order.ts";
import { isAway, isStream, type Route } from "./routes.ts";

/** HAProxy map files, by name. `hosts` publishes: a name that is in it is served. */
export const mapNames = [
  "health",
  "vhosts",
  "answers",
  "options",
  "endpoints",
  "redirects",
  "ports",
  "passthrough",
  "hosts",
] as const;
export type MapName = (typeof mapNames)[number];

/** Entries by key, sorted. */
export type MapEntries = ReadonlyMap<string, string>;

/** A route in its slot. */
export interface Placed {
  readonly route: Route;
  readonly slot: number;
}

/**
 * hosts: name with path, `wiki.example.net/api/` -> slot number, `o` before it if the slot is in `options`; the longest one
 * that a request begins with has it.
 * redirects: host name -> where its visitors are sent. health: e-backend -> path that the check asks for. vhosts:
 * e-backend -> host name that it asks with. answers: e-backend -> milliseconds that a GET may take. options: slot number
 * -> see `optionsText`. endpoints: slot number -> `tenant/project/service`, for the access log. ports:
 * public port of a TCP service -> slot number, 0 in maintenance. passthrough: host name whose TLS is not opened here -> the same.
 */
export function frontMaps(placed: readonly Placed[]): Readonly<Record<MapName, MapEntries>> {
  const bySlot = [...placed].sort((a, b) => a.slot - b.slot);
  const checked = bySlot.filter(({ route }) => !isStream(route));
  const options = new Map(
    bySlot.flatMap(({ route, slot }) => {
      const text = optionsText(route);
      return text === undefined ? [] : [[String(slot), text] as const];
    }),
  );
  const hosts = placed.flatMap(({ route, slot }) => {
    const value = options.has(String(slot)) ? `o${slot}` : String(slot);
    return route.places.map((place) => [place, value] as const);
  });
  const redirects = placed.flatMap(({ route }) => [...route.redirects]);
  const through = placed.flatMap(({ route, slot }) =>
    (route.passthrough ?? []).map((name) => [name, streamSlot(route, slot)] as const),
  );
  return {
    health: new Map(checked.map(({ route, slot }) => [`e${slot}`, route.health])),
    vhosts: new Map(checked.map(({ route, slot }) => [`e${slot}`, route.places[0]?.replace(/\/.*$/, "") ?? noHost])),
    answers: new Map(
      bySlot.flatMap(({ route, slot }) =>
        route.answersWithin === undefined ? [] : [[`e${slot}`, String(route.answersWithin)] as const],
      ),
    ),
    options,
    endpoints: new Map(bySlot.map(({ route, slot }) => [String(slot), route.key])),
    ports: new Map(
      bySlot.flatMap(({ route, slot }) =>
        route.port === undefined ? [] : [[String(route.port), streamSlot(route, slot)]],
      ),
    ),
    passthrough: new Map(through.sort(([a], [b]) => byText(a, b))),
    redirects: new Map(redirects.sort(([a], [b]) => byText(a, b))),
    hosts: new Map(hosts.sort(([a], [b]) => byText(a, b))),
  };
}

/** What ports.map and passthrough.map say of a route. */
export function streamSlot({ maintenance }: Pick<Route, "maintenance">, slot: number): string {
  return maintenance === undefined ? String(slot) : nowhere;
}

const noHost = "health.invalid";

/** Fields of an entry in options.map, in this order, separated by `|`; 0 where a route has nothing to say. */
export const optionFields = [
  "timeout",
  "hsts",
  "maxBody",
  "rate",
  "tenantRate",
  "realIp",
  "tenant",
  "mode",
  "reason",
] as const;

/**
 * What is not as usual with a route. maintenance: its visitors read that. away: all servers of this site are drained,
 * and one of them is tried where the peer has nobody. Missing for all others.
 */
export const routeModes = { maintenance: "1", away: "2" } as const;

/** In the place of a slot where connections are not passed on: its service is in maintenance. */
export const nowhere = "0";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** An operator's words, if any, as HTML in a form that has neither spaces nor `|`: a rule decodes it (url_dec). */
function shownReason(text: string): readonly string[] {
  if (text === "") return [];
  const escaped = text.replace(/[&<>"'\p{Surrogate}]/gu, (sign) => entities[sign] ?? "");
  return [encodeURIComponent(escaped)];
}

function modeOf({ maintenance, servers }: Route): string {
  if (maintenance !== undefined) return `|${[routeModes.maintenance, ...shownReason(maintenance.reason)].join("|")}`;
  return isAway(servers) ? `|${routeModes.away}` : "";
}

/** What the front has to look up for each request of a route; undefined for nearly all. */
export function optionsText(route: Route): string | undefined {
  const { http, key, tenantRate } = route;
  if (isStream(route)) return undefined;
  const { timeout = 0, hsts = 0, maxBody = 0, rate = 0 } = http;
  const numbers = [timeout, hsts, maxBody, rate, tenantRate ?? 0, http.realIp === true ? 1 : 0];
  const mode = modeOf(route);
  if (mode === "" && numbers.every((number) => number === 0)) return undefined;
  return `${[...numbers, key.split("/")[0]].join("|")}${mode}`;
}

export function mapText(entries: MapEntries): string {
  return [...entries].map(([key, value]) => `${key} ${value}\n`).join("");
}

export function mapPath(directory: string, name: MapName): string {
  return `${directory}/${name}.map`;
}
