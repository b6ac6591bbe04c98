import { type HostEntry, ports, type ZMap } from "@zcloud/map";
import type { FileSet, FileSpec } from "@zcloud/reconcile";
import { fingerprintOf } from "../rsyslog/plan.ts";
import { alertmanagerPlaces, type MonitorPlaces, nodeExporterPlaces, prometheusPlaces } from "./places.ts";
import type { MonitorDesired } from "./plan.ts";
import { pushes, renderPrometheus, siteTargets, type Targets } from "./render.ts";
import { renderAlertmanager, tellsSomebody } from "./render-alertmanager.ts";
import { renderRules } from "./rules/index.ts";
import { getText } from "./self.ts";
import { renderAlertmanagerUnit, renderNodeExporterUnit, renderPrometheusUnit } from "./units.ts";

export { createMonitor } from "./daemon.ts";
export { alertmanagerPlaces, nodeExporterPlaces, prometheusPlaces, secretPaths } from "./places.ts";
export type { MonitorDesired } from "./plan.ts";
export { pushedPath, pushes } from "./render.ts";
export { followTargets, watchTargets } from "./targets.ts";

export function desiredPrometheus(
  map: ZMap,
  site: string,
  places: MonitorPlaces = prometheusPlaces,
  targets: Omit<Targets, "rules"> = siteTargets,
): MonitorDesired {
  const rules = renderRules();
  // Other rules get another name: those in force are not touched before the new ones are.
  const path = `${places.aside}/${fingerprintOf(rules)}.yml`;
  const alertmanager = tellsSomebody(map.alerts) ? targets.alertmanager : undefined;
  return {
    on: true,
    unitFiles: only(places.dropIn, { content: renderPrometheusUnit(places, map.metrics), mode: 0o644 }),
    aside: only(path, { content: rules, mode: 0o644 }),
    config: renderPrometheus(map, site, { ...targets, alertmanager, rules: [path] }),
  };
}

/** What the operator put onto this znet; undefined where there is nothing. */
export interface Secrets {
  readonly mailPassword: string | undefined;
  readonly webhookUrl: string | undefined;
}

/** Its secrets are copies: it is another user than who may read the operator's. */
export function desiredAlertmanager(
  map: ZMap,
  secrets: Secrets,
  places: MonitorPlaces = alertmanagerPlaces,
): MonitorDesired {
  const at = { mailPassword: `${places.aside}/mail-password`, webhookUrl: `${places.aside}/webhook-url` };
  const secret = (path: string, content: string | undefined): [string, FileSpec][] =>
    content === undefined ? [] : [[path, { content: content.trim(), mode: 0o640, owner: places.owner, secret: true }]];
  return {
    on: tellsSomebody(map.alerts),
    unitFiles: only(places.dropIn, { content: renderAlertmanagerUnit(places), mode: 0o644 }),
    aside: new Map([...secret(at.mailPassword, secrets.mailPassword), ...secret(at.webhookUrl, secrets.webhookUrl)]),
    config: renderAlertmanager(map, at),
  };
}

/** On every VM. */
export function desiredNodeExporter(self: Pick<HostEntry, "role" | "address">): MonitorDesired {
  const places = nodeExporterAt(self);
  return {
    on: true,
    unitFiles: only(places.dropIn, { content: renderNodeExporterUnit(places), mode: 0o644 }),
    aside: new Map(),
    config: undefined,
  };
}

/** Who says its numbers itself has it on loopback: nobody else may ask there. */
export function nodeExporterAt({ role, address }: Pick<HostEntry, "role" | "address">): MonitorPlaces {
  return nodeExporterPlaces(`${pushes({ role }) ? "127.0.0.1" : address}:${ports.node}`);
}

/** What a host's node exporter says now, in Prometheus' text format; nothing while it does not answer. */
export async function nodeNumbers(self: Pick<HostEntry, "role" | "address">, signal: AbortSignal): Promise<string> {
  return (await getText(`http://${nodeExporterAt(self).listen}/metrics`, signal)) ?? "";
}

const only = (path: string, spec: FileSpec): FileSet => new Map([[path, spec]]);
