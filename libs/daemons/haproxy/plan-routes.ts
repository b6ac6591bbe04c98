import type { FrontAction } from "./actions.ts";
import { changedSlots } from "./changed-slots.ts";
import type { SlotClassName } from "./classes.ts";
import { type DriftKind, driftOf } from "./drift.ts";
import { type MapEntries, type MapName, mapNames, type Placed } from "./maps.ts";
import { byText } from "./order.ts";
import type { RunningServer, RunningServers } from "./parse.ts";
import { endpointLabel, placeNames, type Route } from "./routes.ts";
import { slotServers } from "./servers.ts";
import type { FrontSettings } from "./settings.ts";
import { dropSteps, entrySteps, type Step, serverSteps, slotMaps } from "./steps.ts";
import { wrongSlots } from "./wrong-entries.ts";

type Maps = Readonly<Record<MapName, MapEntries>>;
type Group = ReadonlyMap<string, RunningServer>;

/** A slot that was exactly as it should be, and for what: undefined if it should be empty. */
interface Clean {
  readonly route: Route | undefined;
  readonly class: SlotClassName;
  readonly e: Group | undefined;
  readonly l: Group | undefined;
}

interface SlotSteps {
  readonly steps: readonly Step[];
  readonly drift?: readonly DriftKind[];
}

interface Remembered {
  readonly input: RouteInput;
  readonly clean: Map<number, Clean>;
  /** Slots that are not. */
  readonly unclean: Set<number>;
  /** There were entries of nobody's. */
  readonly strange: boolean;
}

/** What a plan for routes is made of. Everything is compared by identity. */
export interface RouteInput {
  readonly settings: FrontSettings;
  readonly classes: ReadonlyMap<number, SlotClassName>;
  readonly placed: readonly Placed[];
  readonly maps: Maps;
  /** Which process, and what it has. */
  readonly process: string;
  readonly servers: RunningServers;
  readonly running: Maps;
}

/**
 * Plans what the process lacks of the routes. A slot that was right at the plan before, and whose route and servers are
 * the same objects, is not looked into again (of thousands, that is nearly all); one that was right, has the same route and is
 * right no longer has drifted.
 */
export function routePlanner(): (input: RouteInput) => readonly FrontAction[] {
  let last: Remembered | undefined;

  return (input) => {
    const { settings, classes, placed, maps, servers, running } = input;
    const before = last?.input.process === input.process && last.input.settings === settings ? last : undefined;
    const changed = new Set(
      mapNames.filter((name) => {
        return before?.input.running[name] !== running[name] || before.input.maps[name] !== maps[name];
      }),
    );
    const wrong = wrongSlots(placed, maps, running, changed);
    const clean = before?.clean ?? new Map<number, Clean>();
    const unclean = before?.unclean ?? new Set<number>();
    const doubtful =
      before?.input.classes === classes
        ? new Set([...unclean, ...wrong, ...changedSlots(before.input, input)])
        : new Set(classes.keys());
    const entry = (name: MapName, key: string): readonly Step[] => {
      return entrySteps(settings.paths.maps, name, key, maps[name].get(key), running[name]);
    };

    /** The commands for a slot; notes whether it is right. Undefined: there are none. */
    function slotSteps(slot: number, name: SlotClassName, route: Route | undefined): SlotSteps | undefined {
      const was = clean.get(slot);
      const [e, l] = [servers.get(`e${slot}`), servers.get(`l${slot}`)];
      const same = was !== undefined && was.route === route && was.class === name && was.e === e && was.l === l;
      if (same && !wrong.has(slot)) return undefined;
      const wanted = same || route === undefined ? [] : slotServers(slot, name, route, settings, classes.size);
      const drop = same ? [] : dropSteps([`e${slot}`, `l${slot}`], wanted, servers);
      const own = slotMaps.flatMap(({ name, keyOf }) => entry(name, keyOf(slot)));
      const steps =
        route === undefined
          ? [...drop, ...own]
          : [
              ...own,
              ...(same ? [] : serverSteps(wanted, servers)),
              ...[...route.redirects.keys()].flatMap((host) => entry("redirects", host)),
              ...(route.port === undefined ? [] : entry("ports", String(route.port))),
              ...(route.passthrough ?? []).flatMap((name) => entry("passthrough", name)),
              ...route.places.flatMap((place) => entry("hosts", place)),
              ...drop,
            ];
      const exact = same || (e?.size ?? 0) + (l?.size ?? 0) === wanted.length;
      if (steps.length === 0 && exact) {
        clean.set(slot, { route, class: name, e, l });
        unclean.delete(slot);
      } else {
        clean.delete(slot);
        unclean.add(slot);
      }
      if (steps.length === 0) return undefined;
      const ours = was === undefined || was.class !== name || !sameRoute(was.route, route);
      return { steps, ...(ours ? {} : { drift: driftOf(steps) }) };
    }

    const publish: FrontAction[] = [];
    const empty: FrontAction[] = [];
    const used = new Set<number>();
    for (const { route, slot } of placed) {
      if (!doubtful.has(slot)) continue;
      used.add(slot);
      const name = classes.get(slot);
      const steps = name === undefined ? undefined : slotSteps(slot, name, route);
      if (steps === undefined) continue;
      const change = isThere(route, running) ? "~" : "+";
      const [subject, summary] = [placeNames(route).join(" "), routeSummary(route, settings)];
      publish.push({ kind: "route", change, subject, summary, ...steps });
    }
    const strange = (["hosts", "redirects", "ports", "passthrough"] as const).flatMap((map) => {
      const unknown = changed.size === 0 && before?.strange === false ? [] : [...running[map].keys()];
      return unknown
        .filter((key) => !maps[map].has(key))
        .sort(byText)
        .map((key) => ({ map, key }));
    });
    const unpublish = strange.map(({ map, key }): FrontAction => {
      const steps = entry(map, key);
      const ours = before === undefined || before.input.running[map].has(key) || before.input.maps[map].has(key);
      const drift = ours ? {} : { drift: driftOf(steps) };
      const subject = map === "ports" ? `port ${key}` : key.replace(/\/$/, "");
      return { kind: "route", change: "-", subject, summary: "no endpoint is behind it", steps, ...drift };
    });
    for (const slot of [...doubtful].sort((a, b) => a - b)) {
      const name = classes.get(slot);
      if (name === undefined || used.has(slot)) continue;
      const steps = slotSteps(slot, name, undefined);
      if (steps === undefined) continue;
      empty.push({ kind: "route", change: "-", subject: `slot ${slot}`, summary: "servers leave", ...steps });
    }
    last = { input, clean, unclean, strange: strange.length > 0 };
    return [...publish, ...unpublish, ...empty];
  };
}

function isThere({ places, port, passthrough = [] }: Route, { hosts, ports, passthrough: through }: Maps): boolean {
  if (places.some((place) => hosts.has(place)) || passthrough.some((name) => through.has(name))) return true;
  return port !== undefined && ports.has(String(port));
}

/** Looked into only where something is wrong. */
function sameRoute(a: Route | undefined, b: Route | undefined): boolean {
  const print = (route: Route | undefined): string =>
    route === undefined ? "" : JSON.stringify([route, ...route.redirects]);
  return a === b || print(a) === print(b);
}

/** `-> garden/wiki:web, peer south`. */
function routeSummary({ key, servers, peer }: Route, settings: FrontSettings): string {
  const parts = [
    ...(servers.length > 0 ? [endpointLabel(key)] : []),
    ...(peer && settings.peer !== undefined ? [`peer ${settings.peer.site}`] : []),
  ];
  return `-> ${parts.join(", ") || `${endpointLabel(key)}, which has no server now`}`;
}
