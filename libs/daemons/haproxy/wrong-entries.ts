import type { MapEntries, MapName, Placed } from "./maps.ts";
import { slotMaps } from "./steps.ts";

type Maps = Readonly<Record<MapName, MapEntries>>;

/** Slots with an entry in a map of the process that is missing, another one, or one too many. Only maps of `names` are looked at. */
export function wrongSlots(
  placed: readonly Placed[],
  desired: Maps,
  running: Maps,
  names: ReadonlySet<MapName>,
): ReadonlySet<number> {
  const slots = new Set<number>();
  for (const { name, slotOf } of slotMaps) {
    if (!names.has(name)) continue;
    for (const key of wrongKeys(desired[name], running[name])) slots.add(slotOf(key));
  }
  if (names.has("hosts")) {
    for (const place of wrongKeys(desired.hosts, running.hosts)) {
      const value = desired.hosts.get(place);
      if (value !== undefined) slots.add(Number(value.replace("o", "")));
    }
  }
  const others = (["redirects", "ports", "passthrough"] as const).map((name) => {
    return new Set(names.has(name) ? wrongKeys(desired[name], running[name]) : []);
  });
  const [redirects, ports, passthrough] = others;
  if (others.some(({ size }) => size > 0)) {
    for (const { route, slot } of placed) {
      const wrong =
        [...route.redirects.keys()].some((host) => redirects?.has(host)) ||
        ports?.has(String(route.port)) ||
        route.passthrough?.some((name) => passthrough?.has(name));
      if (wrong === true) slots.add(slot);
    }
  }
  return slots;
}

function wrongKeys(desired: MapEntries, running: MapEntries): readonly string[] {
  const wrong: string[] = [];
  let known = 0;
  desired.forEach((value, key) => {
    const now = running.get(key);
    if (now !== undefined) known += 1;
    if (now !== value) wrong.push(key);
  });
  if (known < running.size) {
    running.forEach((_, key) => {
      if (!desired.has(key)) wrong.push(key);
    });
  }
  return wrong;
}
