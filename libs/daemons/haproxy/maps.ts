import { isAway, isStream, type Route } from "./routes.ts";

/** HAProxy map files, by name. `hosts` publishes: a name that is in it is served. */
export const mapNames = [
  "health",
  "vhosts",
  "answers",
  "greets",
  "options",
  "endpoints",
  "redirects",
  "ports",
  "passthrough",
  "hosts",
] as const;
export type MapName = (typeof mapNames)[number];

/** Entries by key. In files they stand in the order of their routes. */
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
 * e-backend -> host name that it asks with. answers: e-backend -> milliseconds that a GET may take. greets: e-backend of a
 * TCP service -> what its servers say first, where it is known (greeting.ts). options: slot number
 * -> see `optionsText`. endpoints: slot number -> `tenant/project/service`, for the access log. ports:
 * public port of a TCP service -> slot number, 0 in maintenance. passthrough: host name whose TLS is not opened here -> the same.
 */
export function frontMaps(placed: readonly Placed[]): FrontMaps {
  return mapMaker()(placed);
}

export interface FrontMaps {
  readonly entries: Readonly<Record<MapName, MapEntries>>;
  /** Of the files, in the order of routes. */
  readonly texts: Readonly<Record<MapName, string>>;
}

/** `frontMaps`, which makes the entries of a route only once; a map that does not change is the very same object. */
export function mapMaker(): typeof frontMaps {
  const lines = new WeakMap<Placed, Readonly<Record<MapName, string>>>();
  let before: ReadonlySet<Placed> = new Set();
  let entries: Record<MapName, MapEntries> = byMap(() => new Map());

  function linesOf(one: Placed): Readonly<Record<MapName, string>> {
    const known = lines.get(one);
    if (known !== undefined) return known;
    const made = byMap(() => "");
    for (const [map, key, value] of entriesOf(one)) made[map] += `${key} ${value}\n`;
    lines.set(one, made);
    return made;
  }

  return (placed) => {
    const now = new Set(placed);
    const copies = new Map<MapName, Map<string, string>>();
    const writable = (map: MapName): Map<string, string> => {
      const copy = copies.get(map) ?? new Map(entries[map]);
      copies.set(map, copy);
      return copy;
    };
    // What a route that left had, another one may have now: first all that leaves.
    for (const one of before) {
      if (!now.has(one)) for (const [map, key] of entriesOf(one)) writable(map).delete(key);
    }
    for (const one of placed) {
      if (!before.has(one)) for (const [map, key, value] of entriesOf(one)) writable(map).set(key, value);
    }
    before = now;
    entries = byMap((map) => copies.get(map) ?? entries[map]);
    const parts = placed.map(linesOf);
    return { entries, texts: byMap((map) => parts.map((part) => part[map]).join("")) };
  };
}

function byMap<T>(make: (map: MapName) => T): Record<MapName, T> {
  return Object.fromEntries(mapNames.map((map) => [map, make(map)])) as Record<MapName, T>;
}

type Entry = readonly [map: MapName, key: string, value: string];

function entriesOf({ route, slot }: Placed): readonly Entry[] {
  const entry = (...parts: Entry): Entry => parts;
  const number = String(slot);
  const common = [
    entry("endpoints", number, route.key),
    ...(route.port === undefined ? [] : [entry("ports", String(route.port), streamSlot(route, slot))]),
    ...(route.passthrough ?? []).map((name) => entry("passthrough", name, streamSlot(route, slot))),
    // In commands spaces part words.
    ...(route.greets === undefined ? [] : [entry("greets", `e${slot}`, encodeURIComponent(route.greets))]),
  ];
  if (isStream(route)) return common;
  const [backend, options] = [`e${slot}`, optionsText(route)];
  const { answersWithin } = route;
  return [
    ...common,
    entry("health", backend, route.health),
    entry("vhosts", backend, route.places[0]?.replace(/\/.*$/, "") ?? noHost),
    ...(answersWithin === undefined ? [] : [entry("answers", backend, String(answersWithin))]),
    ...(options === undefined ? [] : [entry("options", number, options)]),
    ...route.places.map((place) => entry("hosts", place, options === undefined ? number : `o${slot}`)),
    ...[...route.redirects].map(([host, target]) => entry("redirects", host, target)),
  ];
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

export function mapPath(directory: string, name: MapName): string {
  return `${directory}/${name}.map`;
}
