import type { Endpoint, Intent } from "@zcloud/events";
import type { ZMap } from "@zcloud/map";
import type { Ledger } from "./claims.ts";
import { type Wishes, wishesOf } from "./intents.ts";
import { byText } from "./order.ts";
import type { Routes } from "./routes.ts";
import { type Service, type ServiceRoutes, serviceRoutes } from "./service-routes.ts";

/** What came of one service, and what that depended on besides the map and the operators' wishes. */
interface Made extends Service, ServiceRoutes {
  /** Who had what it asked for, by turns: what, who. */
  readonly asked: readonly (string | undefined)[];
  readonly taken: readonly string[];
}

type RouteMaker = (
  map: ZMap,
  site: readonly Endpoint[],
  peer: readonly Endpoint[],
  intents?: readonly Intent[],
) => Routes;

/**
 * What this site's front serves: the endpoints of this site's hosts, merged by service, and those that only the peer
 * has. A name goes to the tenant to whom the map gives it; of two claims by the same tenant the first key has it.
 * The order of the input does not matter. A drain turns nobody away: where no one else takes new requests, at either
 * site, it is not in force, and a problem says so.
 */
export const toRoutes: RouteMaker = (...input) => routeMaker()(...input);

/**
 * `toRoutes`, which makes the routes of a service anew only if one of its endpoints is another object than the time before, or
 * somebody else has what it asks for: of thousands, one changes at a time. What did not change is the very same object.
 */
export function routeMaker(): RouteMaker {
  const [here, there] = [grouping(), grouping()];
  let before: { readonly map: ZMap; readonly intents: readonly Intent[]; readonly wishes: Wishes } | undefined;
  let made: ReadonlyMap<string, Made> = new Map();
  let keys: readonly string[] = [];
  let latest: Routes = { routes: [], problems: [] };

  return (map, site, peer, intents = []) => {
    const other = before?.map !== map || !sameItems(before.intents, intents);
    if (before === undefined || other) {
      const sites = map.sites.map(({ name }) => name);
      before = { map, intents: [...intents], wishes: wishesOf(intents, sites) };
      made = new Map();
    }
    const [local, remote] = [here(site), there(peer)];
    keys = inOrder(keys, local, remote);
    const holders = new Map<string, string>();
    const next = new Map<string, Made>();
    let changed = other || keys.length !== made.size;
    for (const key of keys) {
      const service = { key, here: local.get(key) ?? nobody, there: remote.get(key) ?? nobody };
      const known = made.get(key);
      const one =
        known !== undefined && stands(known, service, holders) ? known : make(map, service, before.wishes, holders);
      for (const taken of one.taken) holders.set(taken, key);
      if (one !== known) changed = true;
      next.set(key, one);
    }
    made = next;
    if (!changed) return latest;
    const all = [...next.values()];
    latest = { routes: all.flatMap(({ routes }) => routes), problems: all.flatMap(({ problems }) => problems) };
    return latest;
  };
}

const nobody: readonly Endpoint[] = [];

function stands({ here, there, asked }: Made, service: Service, holders: ReadonlyMap<string, string>): boolean {
  if (!sameItems(here, service.here) || !sameItems(there, service.there)) return false;
  for (let at = 0; at < asked.length; at += 2) if (holders.get(asked[at] ?? "") !== asked[at + 1]) return false;
  return true;
}

function make(map: ZMap, service: Service, wishes: Wishes, holders: ReadonlyMap<string, string>): Made {
  const asked: (string | undefined)[] = [];
  const taken = new Set<string>();
  const ledger: Ledger = {
    get(what) {
      if (taken.has(what)) return service.key;
      const holder = holders.get(what);
      asked.push(what, holder);
      return holder;
    },
    set: (what) => taken.add(what),
  };
  const result = serviceRoutes(map, service, wishes, ledger);
  return { ...service, ...result, asked, taken: [...taken] };
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/** `byKey`, which gives the same again for the same endpoints: mostly only one site has something new. */
function grouping(): typeof byKey {
  let from: readonly Endpoint[] = [];
  let groups = byKey(from);
  return (endpoints) => {
    if (sameItems(from, endpoints)) return groups;
    // The caller's list may grow.
    from = [...endpoints];
    groups = byKey(from);
    return groups;
  };
}

/** By service; of one service, by host. */
function byKey(endpoints: readonly Endpoint[]): ReadonlyMap<string, readonly Endpoint[]> {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const key = keyOf(endpoint);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [endpoint]);
    else group.push(endpoint);
  }
  for (const group of groups.values()) if (group.length > 1) group.sort((a, b) => byText(a.host, b.host));
  return groups;
}

const keysOf = new WeakMap<Endpoint, string>();

function keyOf(endpoint: Endpoint): string {
  const known = keysOf.get(endpoint);
  if (known !== undefined) return known;
  const key = `${endpoint.tenant}/${endpoint.project}/${endpoint.service}`;
  keysOf.set(endpoint, key);
  return key;
}

/** All keys, sorted. `before`: as they were; sorting them once more, with a few new ones behind, costs next to nothing. */
function inOrder(
  before: readonly string[],
  local: ReadonlyMap<string, unknown>,
  remote: ReadonlyMap<string, unknown>,
): readonly string[] {
  const known = new Set(before);
  const fresh = new Set<string>();
  for (const keys of [local.keys(), remote.keys()]) for (const key of keys) if (!known.has(key)) fresh.add(key);
  const left = before.every((key) => local.has(key) || remote.has(key))
    ? before
    : before.filter((key) => local.has(key) || remote.has(key));
  return fresh.size === 0 ? left : [...left, ...fresh].sort(byText);
}
