import { endpointLabel, type Haproxy, keyOfService, listenForAlarms, type Routes } from "@zcloud/daemons/haproxy";
import {
  announcements,
  askDoor,
  type Change,
  createMonitor,
  createStore,
  createTrust,
  type Door,
  doorKey,
  restingViews,
  targetsOf,
  type UptimeView,
  uptimeViews,
  type Watched,
} from "@zcloud/daemons/probe";
import type { Endpoint } from "@zcloud/events";
import { ports } from "@zcloud/map";
import type { MapView, RoleContext } from "@zcloud/service";
import { serverCounts, whoShould } from "./endpoint-hosts.ts";

export interface Monitoring {
  watched(): readonly Watched[];
  views(): readonly UptimeView[];
  stop(): Promise<void>;
}

export interface MonitoringOptions {
  readonly routesOf: (view: MapView) => Routes;
  /** Its slots say which endpoint a server that went down belongs to. */
  readonly haproxy: Pick<Haproxy, "latest">;
}

/** Milliseconds for a door's whole answer. */
const patience = 5_000;
/** Milliseconds: endpoints change in bunches; and the same failure shows at both doors, in one event. */
const bunch = 200;
const together = 1_500;

/** Asks every endpoint through both sites' front doors, keeps what came of it, and tells what changed. */
export async function startMonitoring(ctx: RoleContext, { routesOf, haproxy }: MonitoringOptions): Promise<Monitoring> {
  const { bus, clock, host, signal, paths } = ctx;
  const [site, peer, bucket] = [
    bus.replica("endpoints", "site"),
    bus.replica("endpoints", "peer"),
    bus.replica("uptime", "site"),
  ];
  const intents = bus.replica("intents", "site");
  const endpoints = (): readonly Endpoint[] => [...site.entries().values(), ...peer.entries().values()];
  const trust = createTrust(host);
  const self = ctx.view().self;
  const changes: Change[] = [];
  const shut = new Set<string>();
  let cancelAnnounce: (() => void) | undefined;
  let cancelLook: (() => void) | undefined;
  let counts = serverCounts(endpoints());

  const monitor = createMonitor({
    host: self.id,
    clock,
    ask: async (target) => askDoor(target, { trust: await trust(), patience, signal }),
    changed(change) {
      changes.push(change);
      store.changed();
      cancelAnnounce ??= clock.after(together, announce);
    },
  });
  const store = createStore({
    host,
    path: `${paths.state}/uptime.json`,
    clock,
    monitor,
    bucket: {
      entries: () => bucket.entries(),
      fresh: () => bucket.fresh(),
      onChange: (listener) => bucket.onChange(listener),
      declare: (histories) => bus.declare("uptime", self.name, histories),
    },
    failed: (reason) => ctx.log.warn({ reason }, "uptime histories are not kept on disk"),
  });

  function announce(): void {
    cancelAnnounce = undefined;
    const because = (endpoint: string, kind?: string): string =>
      kind === "tls" ? "" : whoShould(endpoints(), keyOfService(endpoint));
    const context = { label: endpointLabel, because };
    for (const event of announcements(changes.splice(0), shut, context)) ctx.event(event);
  }

  /** What is served may be different, and who has servers: that is looked at through the doors at once. */
  function look(): void {
    cancelLook = undefined;
    const view = ctx.view();
    // What is taken out of service on purpose is not down, and the time is nobody's.
    const asked = routesOf(view).routes.filter(({ maintenance }) => maintenance === undefined);
    monitor.want(targetsOf(asked, doorsOf(view)));
    const before = counts;
    counts = serverCounts(endpoints());
    monitor.hasten([...counts].filter(([key, count]) => before.get(key) !== count).map(([key]) => key));
  }
  const lookSoon = (): void => {
    cancelLook ??= clock.after(bunch, look);
  };

  await store.load();
  look();
  for (const { target, verdict } of monitor.watched()) {
    if (verdict.state === "down" && verdict.failure?.kind === "connect") shut.add(doorKey(target));
  }
  const leave = [site, peer, intents].map((replica) => replica.onChange(lookSoon));
  ctx.onMap(lookSoon);
  const closeAlarms = listenForAlarms(ports.frontAlarms, (slots) => {
    const taken = Object.entries(haproxy.latest()?.slots.taken ?? {});
    monitor.hasten(taken.flatMap(([key, { slot }]) => (slots.has(slot) ? [key] : [])));
  });

  return {
    watched: () => monitor.watched(),
    views() {
      const view = ctx.view();
      const views = uptimeViews(monitor.watched(), endpointLabel, clock.now());
      const resting = routesOf(view).routes.flatMap(({ maintenance, ...route }) => {
        if (maintenance === undefined) return [];
        const targets = [...targetsOf([route], doorsOf(view)).values()];
        return targets.map((target) => ({ target, history: monitor.historyOf(target), ...maintenance }));
      });
      const rests = restingViews(resting, endpointLabel, clock.now());
      const names = new Set(rests.map(({ endpoint }) => endpoint));
      return [...views.filter(({ endpoint }) => !names.has(endpoint)), ...rests];
    },
    async stop() {
      for (const off of leave) off();
      closeAlarms();
      cancelAnnounce?.();
      cancelLook?.();
      monitor.stop();
      await store.stop();
    },
  };
}

/** Our own front is asked at its own address, the other one as the world asks it. */
export function doorsOf({ self, site, peer }: MapView): readonly Door[] {
  const port = ports.https;
  const own = { site: site.name, address: self.address, port };
  return peer === undefined ? [own] : [own, { site: peer.name, address: peer.public.ipv4, port }];
}
