import { busMetrics } from "@zcloud/daemons/nats";
import {
  alertmanagerPlaces,
  createMonitor,
  desiredAlertmanager,
  desiredPrometheus,
  followTargets,
  prometheusPlaces,
  type Secrets,
  secretPaths,
  watchTargets,
} from "@zcloud/daemons/prometheus";
import { steadyClock } from "@zcloud/reconcile";
import type { RoleContext, RoleLoop, StatusProblem } from "@zcloud/service";
import { Gauge } from "prom-client";
import type { PeerState } from "./peer.ts";

export interface MetricsPart {
  readonly loops: readonly RoleLoop[];
  problems(): readonly StatusProblem[];
}

/** The site's numbers: Prometheus, who tells people of alerts, and what znet itself knows of the bus and of its site's VMs. */
export async function metricsPart(ctx: RoleContext, peer: () => PeerState): Promise<MetricsPart> {
  busMetrics(ctx.metrics, ctx.signal);
  siteMetrics(ctx, peer);
  const targets = watchTargets(() => steadyClock.now());
  followTargets(targets, ctx.signal);
  let secrets = await readSecrets(ctx.host);
  // The loop looks at what is there; what should be there is the operator's, and read beside it.
  const reading = setInterval(async () => {
    secrets = await readSecrets(ctx.host).catch(() => secrets);
  }, 15_000);
  ctx.signal.addEventListener("abort", () => clearInterval(reading));
  return {
    loops: [
      ctx.loop({
        reconciler: createMonitor("prometheus", { host: ctx.host, places: prometheusPlaces, clock: ctx.clock }),
        desired: ({ map, site }) => desiredPrometheus(map, site.name),
        essential: false,
        resyncMs: 60_000,
        deadlineMs: 180_000,
      }),
      ctx.loop({
        reconciler: createMonitor("alertmanager", { host: ctx.host, places: alertmanagerPlaces, clock: ctx.clock }),
        desired: ({ map }) => desiredAlertmanager(map, secrets),
        essential: false,
        resyncMs: 60_000,
        deadlineMs: 180_000,
      }),
    ],
    problems: () => [...targets.problems(), ...missingSecrets(ctx.view().map.alerts, secrets)],
  };
}

async function readSecrets(host: RoleContext["host"]): Promise<Secrets> {
  return {
    mailPassword: await host.read(secretPaths.mailPassword),
    webhookUrl: await host.read(secretPaths.webhookUrl),
  };
}

/** What the map's `alerts` need and the operator did not put there: nobody is told that way meanwhile. */
export function missingSecrets(
  { mail, webhook }: ReturnType<RoleContext["view"]>["map"]["alerts"],
  { mailPassword, webhookUrl }: Secrets,
): readonly StatusProblem[] {
  const missing = (what: string, path: string): StatusProblem => ({
    what: `nobody is told of alerts by ${what}: there is no ${path}`,
    remedy: `put it onto this host, for root only: install -D -m 600 /dev/stdin ${path}`,
  });
  return [
    ...(mail?.user !== undefined && mailPassword === undefined ? [missing("mail", secretPaths.mailPassword)] : []),
    ...(webhook !== undefined && webhook.url === undefined && webhookUrl === undefined
      ? [missing("webhook", secretPaths.webhookUrl)]
      : []),
  ];
}

/** Who of the site says how it is, also where znet may not ask: a status travels on a connection that its host opens. */
function siteMetrics(ctx: RoleContext, peer: () => PeerState): void {
  const statuses = ctx.bus.replica("status", "site");
  const registers = [ctx.metrics];
  const here = () => new Map([...statuses.entries().values()].map((status) => [status.host, status]));
  const vms = () => ctx.view().site.hosts.filter(({ role }) => role !== "zcloud");
  new Gauge({
    name: "zcloud_vm_present",
    help: "1 while a VM of the site says on its bus how it is.",
    labelNames: ["vm"],
    registers,
    collect() {
      this.reset();
      // The bus's word is needed for that.
      if (!ctx.bus.connected()) return;
      const present = here();
      for (const { id } of vms()) this.set({ vm: id }, present.has(id) ? 1 : 0);
    },
  });
  new Gauge({
    name: "zcloud_vm_problems",
    help: "What is not as it should be there, as zctl status tells it.",
    labelNames: ["vm", "state"],
    registers,
    collect() {
      this.reset();
      for (const [vm, { problems, state }] of here()) this.set({ vm, state }, problems.length);
    },
  });
  new Gauge({
    name: "zcloud_bus_peer_reachable",
    help: "1 while word comes from the other site, 0 when it is away; nothing where nobody knows.",
    registers,
    collect() {
      const { state } = peer();
      this.remove();
      if (state === "reachable" || state === "away") this.set(state === "reachable" ? 1 : 0);
    },
  });
}
