import { joinRecords, publicRecords, type Records, type ZoneAge, zoneRecords } from "@zcloud/daemons/unbound";
import type { Endpoint } from "@zcloud/events";
import type { ZMap } from "@zcloud/map";
import { type Clock, pause } from "@zcloud/reconcile";
import { Gauge, type Registry } from "prom-client";

/** As a replica of endpoints knows them; see Replica. */
export interface KnownEndpoints {
  entries(): ReadonlyMap<string, Endpoint>;
  age(): number | undefined;
}

/** Milliseconds: mirrors hear from the other site every second; a slow half minute is no cut. */
const patience = 30_000;
/** Milliseconds between looks at how old it is. */
const lookEvery = 5_000;

/**
 * All that the site's resolver answers by itself besides the hosts: public names, and where the stacks of both sites run.
 * An endpoint stands in its own host's site only: what comes from the other site can't say anything of this one.
 */
export function siteNames(here: KnownEndpoints, there: KnownEndpoints, now: () => number) {
  const age = { site: watchAge(here, now), peer: watchAge(there, now) };
  return (map: ZMap, site: string, peer: string | undefined): Records => {
    const own = within(here, site);
    if (peer === undefined)
      return joinRecords(publicRecords(map, site, own), zoneRecords(map, { site, endpoints: own, age: age.site() }));
    const others = within(there, peer);
    return joinRecords(
      publicRecords(map, site, [...own, ...others]),
      zoneRecords(map, { site, endpoints: own, age: age.site() }),
      zoneRecords(map, { site: peer, endpoints: others, age: age.peer() }),
    );
  };
}

/** Seconds since the bus last confirmed what is known of each site; without a value while it never did. */
export function zoneAgeMetric(registry: Registry, ages: ReadonlyMap<string, () => number | undefined>): void {
  new Gauge({
    name: "zcloud_dns_zone_age_seconds",
    help: "Since the names of this site's stacks were last confirmed by the bus",
    labelNames: ["site"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [site, age] of ages) {
        const known = age();
        if (known !== undefined) this.set({ site }, known / 1_000);
      }
    },
  });
}

function within(known: KnownEndpoints, site: string): Endpoint[] {
  return [...known.entries().values()].filter(({ host }) => host.startsWith(`${site}/`));
}

/** Tells, within 5 s, when a site's word becomes fresh or stale: nothing else happens then that would wake a loop. */
export function freshness(sites: readonly KnownEndpoints[], clock: Clock, signal: AbortSignal) {
  const listeners = new Set<() => void>();
  const now = (): string => sites.map(isFresh).join();
  const watch = async (): Promise<void> => {
    for (let before = now(); !signal.aborted; ) {
      await pause(clock, lookEvery, signal);
      const after = now();
      if (after !== before) for (const listener of listeners) listener();
      before = after;
    }
  };
  void watch();
  return {
    onChange(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isFresh({ age }: KnownEndpoints): boolean {
  const old = age();
  return old !== undefined && old <= patience;
}

/** Says the same moment for as long as nothing is heard. */
function watchAge(known: KnownEndpoints, now: () => number): () => ZoneAge {
  let stale: ZoneAge | undefined;
  return () => {
    if (isFresh(known)) {
      stale = undefined;
      return { state: "live" };
    }
    const old = known.age();
    stale ??=
      old === undefined
        ? { state: "stale" }
        : { state: "stale", since: `${new Date(now() - old).toISOString().slice(0, 19)}Z` };
    return stale;
  };
}
