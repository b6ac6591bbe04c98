import { fileURLToPath } from "node:url";
import { acmePaths, createAcme, processAuthority, type WantedNames } from "@zcloud/daemons/acme";
import { clockFault } from "@zcloud/daemons/chrony";
import {
  certificateReader,
  createHaproxy,
  createLastGood,
  frontPaths,
  frontSettings,
  intentViews,
  type ObservedFront,
  ownServers,
  type Routes,
  type RouteView,
  routeMaker,
  routeViews,
  unitFiles,
} from "@zcloud/daemons/haproxy";
import type { Endpoint } from "@zcloud/events";
import { converse } from "@zcloud/host";
import type { MapView, RoleContext, RoleDefinition, RoleParts } from "@zcloud/service";
import { certificateMetrics } from "./certificate-metrics.ts";
import { certificateRoutes } from "./certificate-routes.ts";
import { frontDoors, frontTls } from "./doors.ts";
import { driftReporter } from "./drift.ts";
import { frontMetrics } from "./metrics.ts";
import { startMonitoring } from "./monitor.ts";
import { ofTenants, ownEndpoints } from "./own-endpoints.ts";
import { frontFacts, frontProblems, quiet } from "./report.ts";

/** Orders of certificates are made by a process of their own, whose script is shipped beside the service's. */
const orderCommand = [process.execPath, fileURLToPath(new URL("./order.js", import.meta.url))];

const sitesOf = ({ map }: MapView): readonly string[] => map.sites.map(({ name }) => name);

/** zFront: HAProxy in front of the site's endpoints and, behind them, of the peer's; certificates for their names. */
export const zfront: RoleDefinition = {
  role: "zfront",
  async start(ctx: RoleContext): Promise<RoleParts> {
    const site = ctx.bus.replica("endpoints", "site");
    const peer = ctx.bus.replica("endpoints", "peer");
    const intents = ctx.bus.replica("intents", "site");
    let routed: { readonly map: MapView["map"]; readonly routes: Routes } | undefined;
    for (const replica of [site, peer, intents]) {
      replica.onChange(() => {
        routed = undefined;
      });
    }
    const makeRoutes = routeMaker();
    const ownOf = ownEndpoints();
    /** The same object until a map or an endpoint changes: what is made of it need not be made again. */
    const routesOf = ({ map, site: { name }, peer: other }: MapView): Routes => {
      if (routed?.map !== map) {
        const { map: whole, own } = ownOf(map);
        const served = (said: Iterable<Endpoint>, at = ""): readonly Endpoint[] => {
          return [...ofTenants([...said]), ...[own.get(at)].flatMap((one) => one ?? [])];
        };
        const { endpoints, problems } = ownServers(whole, name, served(site.entries().values(), name));
        const there = served(peer.entries().values(), other?.name);
        const routes = makeRoutes(whole, endpoints, there, [...intents.entries().values()]);
        routed = { map, routes: { ...routes, problems: [...routes.problems, ...problems] } };
      }
      return routed.routes;
    };
    const settingsOf = (view: MapView) => frontSettings(view.map, view.self, view.keys.acmeThumbprint ?? undefined);
    const views = (observed: ObservedFront | undefined): readonly RouteView[] => {
      const view = ctx.view();
      return observed === undefined ? [] : routeViews(settingsOf(view), routesOf(view).routes, observed);
    };

    const haproxy = createHaproxy({
      host: ctx.host,
      paths: frontPaths,
      clock: ctx.clock,
      drifted: driftReporter(ctx),
      installed: (name) => {
        ctx.event({
          kind: "certificate-installed",
          level: "info",
          subject: name,
          reason: "served from now on, without a reload",
        });
      },
    });
    let known: { readonly observed: unknown; readonly view: MapView; readonly views: readonly RouteView[] } | undefined;
    /** As of the last look: several reports ask for them between two looks. */
    const latestViews = (): readonly RouteView[] => {
      const [observed, view] = [haproxy.latest(), ctx.view()];
      if (known?.observed === observed && known?.view === view) return known.views;
      known = { observed, view, views: views(observed) };
      return known.views;
    };
    const fault = clockFault(ctx.host);
    // It remembers when the clock was right, for when nobody can say.
    const looking = setInterval(() => void fault().catch(() => undefined), 60_000);
    ctx.signal.addEventListener("abort", () => clearInterval(looking));
    void fault().catch(() => undefined);
    const certificates = createAcme({
      host: ctx.host,
      paths: acmePaths,
      clock: ctx.clock,
      have: certificateReader(ctx.host, acmePaths.certificates),
      authority: (options) => processAuthority(options, { start: (talk) => converse(orderCommand, talk) }),
      tell: ctx.event,
      counted: (result) => counters.ordered(result),
      clockFault: fault,
    });
    const counters = certificateMetrics(ctx.metrics, {
      certificates: () => haproxy.latest()?.certificates ?? [],
      budgets: () => certificates.budgets(ctx.view().map.acme.directory),
    });
    const wanted = (view: MapView): WantedNames =>
      routesOf(view).routes.flatMap(({ names }) => (names.length === 0 ? [] : [names]));
    const monitoring = await startMonitoring(ctx, { routesOf, haproxy });
    frontMetrics({
      registry: ctx.metrics,
      runtime: haproxy.runtime,
      observed: haproxy.latest,
      routes: () => routesOf(ctx.view()).routes,
      uptime: monitoring.views,
    });
    return {
      loops: [
        ctx.loop({
          reconciler: haproxy,
          desired: (view) => {
            const { routes } = routesOf(view);
            return { settings: settingsOf(view), routes, unitFiles: unitFiles(frontPaths) };
          },
          wakes: [site, peer, intents, certificates],
          // A look costs 24 ms of CPU, and HAProxy itself needs none to leave a dead server out.
          resyncMs: () => (quiet(latestViews(), haproxy.latest()) ? 30_000 : 10_000),
        }),
        ctx.loop({
          reconciler: createLastGood({ host: ctx.host, paths: frontPaths, clock: ctx.clock }),
          desired: () => frontPaths,
          resyncMs: 30_000,
          essential: false,
        }),
        ctx.loop({
          reconciler: certificates,
          desired: (view) => {
            return { ...view.map.acme, wanted: wanted(view), doors: frontDoors(view), front: frontTls(view) };
          },
          wakes: [site, peer, certificates],
          essential: false,
        }),
        ctx.loop({
          reconciler: certificates.renewals,
          desired: (view) => ({ directory: view.map.acme.directory, wanted: wanted(view) }),
          essential: false,
        }),
      ],
      routes(app) {
        app.get("/v1/routes", async () => ({ routes: views(await haproxy.observe(ctx.signal)) }));
        app.get("/v1/intents", async () => {
          const observed = await haproxy.observe(ctx.signal);
          const { routes } = routesOf(ctx.view());
          return { intents: intentViews([...intents.entries().values()], routes, sitesOf(ctx.view()), observed) };
        });
        app.get("/v1/uptime", () => ({ endpoints: monitoring.views() }));
        certificateRoutes(app, {
          certificates,
          desired: () => ({ directory: ctx.view().map.acme.directory, wanted: wanted(ctx.view()) }),
          event: ctx.event,
        });
      },
      facts: () => frontFacts(latestViews(), haproxy.latest(), [...intents.entries().values()]),
      problems: () =>
        frontProblems({
          views: latestViews(),
          refused: routesOf(ctx.view()).problems,
          peer: [...peer.entries().values()],
          attempts: certificates.attempts(),
          watched: monitoring.watched(),
          now: ctx.clock.now(),
        }),
      stop: async () => {
        await monitoring.stop();
        await certificates.close();
      },
    };
  },
};
