import { createLogKeeper } from "@zcloud/daemons/logstore";
import { createNats } from "@zcloud/daemons/nats";
import {
  createRsyslog,
  receiverPlaces,
  receivingPorts,
  renderReceiver,
  renderReceiverUnit,
  storeDirectory,
} from "@zcloud/daemons/rsyslog";
import { createUnbound, dnsMetrics, openControl, productionPlaces } from "@zcloud/daemons/unbound";
import type { RoleContext, RoleDefinition, RoleParts } from "@zcloud/service";
import { joinAsAdmin } from "./admin.ts";
import { metricsPart } from "./metrics-part.ts";
import { freshness, siteNames, zoneAgeMetric } from "./names.ts";
import { peerState } from "./peer.ts";
import { pushedPart } from "./pushed-part.ts";
import { RemovalsReconciler } from "./removals.ts";
import { routes } from "./routes.ts";
import { tenantLogs } from "./tenant-logs.ts";
import { tellUnreadable, unreadableStacks } from "./unreadable.ts";

/** Bytes of a disk of so many from which on the log takes nothing in: well after its older days gave way (logstore, a tenth). */
const leftFree = (disk: number): number => Math.min(512 * 2 ** 20, 0.05 * disk);

const receiverUnit = new Map([[receiverPlaces.unitFile, { content: renderReceiverUnit(), mode: 0o644 }]]);

/** zNet: the site's bus, its resolver, its log and its numbers. Needs no other VM. */
export const znet: RoleDefinition = {
  role: "znet",
  async start(ctx: RoleContext): Promise<RoleParts> {
    const admin = joinAsAdmin(ctx);
    const here = ctx.bus.replica("endpoints", "site");
    const there = ctx.bus.replica("endpoints", "peer");
    const stacks = ctx.bus.replica("stacks", "site");
    const names = siteNames(here, there, () => ctx.clock.now());
    stacks.onChange(tellUnreadable(stacks, ctx.event));
    const map = () => ctx.view().map;
    const { site, peer: other } = ctx.view();
    const ages = new Map([[site.name, () => here.age()]]);
    if (other !== undefined) ages.set(other.name, () => there.age());
    zoneAgeMetric(ctx.metrics, ages);
    dnsMetrics(ctx.metrics, "zcloud_dns_", openControl(productionPlaces(map(), ctx.view().site.name).control));
    const started = ctx.clock.now();
    const asked = () => (ctx.bus.connected() ? ctx.clock.now() - started : undefined);
    const peer = () => peerState(ctx.view().peer?.name, there.age(), asked());
    const metrics = await metricsPart(ctx, peer);
    const tenants = tenantLogs(ctx);
    const logs = createLogKeeper({ host: ctx.host, clock: ctx.clock, store: storeDirectory });
    return {
      loops: [
        ctx.loop({
          reconciler: createNats({ host: ctx.host, pki: `${ctx.paths.etc}/pki` }),
          desired: ({ map: wanted, keys, site }) => ({ map: wanted, keys, site: site.name }),
        }),
        ctx.loop({
          reconciler: createUnbound({ host: ctx.host, map, site: ctx.view().site.name }),
          desired: (view) => ({
            map: view.map,
            site: view.site.name,
            records: names(view.map, view.site.name, view.peer?.name),
          }),
          wakes: [here, there, freshness([here, there], ctx.clock, ctx.signal)],
        }),
        ctx.loop({
          reconciler: createRsyslog("log-receiver", {
            host: ctx.host,
            places: receiverPlaces,
            store: storeDirectory,
            unitPaths: [...receiverUnit.keys()],
            clock: ctx.clock,
          }),
          desired: ({ map: wanted, site: { name }, self }) => ({
            config: renderReceiver(wanted, name),
            unitFiles: receiverUnit,
            listens: receivingPorts(wanted, name),
            needs: leftFree(self.disk),
          }),
          essential: false,
          // At 10,000 lines a second half a minute is 100 MB.
          resyncMs: 30_000,
        }),
        ctx.loop({
          reconciler: logs,
          desired: ({ map: { log } }) => log,
          essential: false,
          resyncMs: 300_000,
          // To compress a day takes minutes.
          deadlineMs: 3_600_000,
        }),
        ctx.loop({
          reconciler: new RemovalsReconciler({ stacks, admin, clock: ctx.clock }),
          desired: () => ({}),
          essential: false,
          resyncMs: 3_600_000,
        }),
        tenants.loop,
        ...metrics.loops,
      ],
      routes: (app) => routes(app, { ctx, admin }),
      neighbours: pushedPart(ctx),
      facts: () => ({
        bus: { connected: admin.link.connection() !== undefined, streams: admin.ensured() },
        peer: peer(),
        names: names(map(), ctx.view().site.name, ctx.view().peer?.name).size,
        logs: { bytes: logs.bytes() },
      }),
      problems() {
        const { name, state } = peer();
        const overfull = logs.problem(map().log);
        const remedy = "find out what says so much: zctl logs; or raise log.at_most in the map, or znet's disk";
        const unreadable = [
          ...unreadableStacks(stacks.invalid()),
          ...metrics.problems(),
          ...(overfull === undefined ? [] : [{ what: overfull, remedy }]),
        ];
        if (state !== "away") return unreadable;
        const what = `no word from ${name}: each site goes on by itself, with what it last knew of the other`;
        return [...unreadable, { what, remedy: `is ${name} up, and the link to it? zctl status` }];
      },
      stop: async () => {
        await tenants.stop();
        await admin.close();
      },
    };
  },
};
