import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { debian, freePorts, startDaemon, tempDir } from "@zcloud/testing";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterMetrics } from "../ceph/index.ts";
import { clockMetrics } from "../chrony/index.ts";
import { boards } from "../dashboards/index.ts";
import { exporterFrontend } from "../haproxy/exporter.ts";
import { slotCounters, slotGauges } from "../haproxy/slot-stats.ts";
import { busMetrics } from "../nats/index.ts";
import { dnsMetrics } from "../unbound/index.ts";
import { upgradesMetrics } from "../upgrades/index.ts";
import { desiredPrometheus } from "./index.ts";
import { fileIn, type Kept, keep, map, placesIn } from "./monitor.test-support.ts";
import { nodeExporterPlaces } from "./places.ts";
import { haproxyMetrics } from "./render.ts";
import { ruleGroups } from "./rules/index.ts";
import { nodeExporterArguments } from "./units.ts";

const root = tempDir();
const expressions = [
  ...Object.values(ruleGroups).flatMap((rules) => rules.map(({ when }) => when)),
  ...boards.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries.map(({ expr }) => expr))),
];
/** Made by Prometheus itself, of whatever it asks. */
const prometheusOwn = ["up", "ALERTS"];

let prometheus: Kept;
let alertmanager: Kept;
const exported = new Set<string>(prometheusOwn);

/** Names that an exporter announces, whether or not it has seen what they count. */
function announced(text: string): readonly string[] {
  return [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => name);
}

/** What our roles register by name, as their source says: `name: "zcloud_..."`, or the first argument after a registry. */
function inSource(directory: string): readonly string[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts") && !/\.test|node_modules|dist\//.test(file));
  return sources.flatMap((file) => {
    const text = readFileSync(join(directory, file), "utf8");
    return [...text.matchAll(/(?:\bname: |\bregistry,\s*)"((?:zcloud|process|nodejs)_[a-z_]+)"/g)].map(
      ([, name = ""]) => name,
    );
  });
}

beforeAll(async () => {
  const [own = 0, manager = 0, node = 0] = await freePorts(3);
  prometheus = keep("prometheus", placesIn(root, "prometheus", own));
  alertmanager = keep("alertmanager", placesIn(root, "alertmanager", manager));
  const config = fileIn(root, "am.yml", "route: { receiver: x }\nreceivers: [{ name: x }]\n");
  await prometheus.pass(desiredPrometheus(map, "north", prometheus.places));
  const plain = { on: true, unitFiles: new Map(), aside: new Map() };
  await alertmanager.pass({ ...plain, config: readFileSync(config, "utf8") });
  const places = nodeExporterPlaces(`127.0.0.1:${node}`);
  const exporter = await startDaemon(
    debian("/usr/bin/prometheus-node-exporter", ...nodeExporterArguments(places)),
    node,
  );
  const registry = new Registry();
  const away = { ask: () => Promise.reject(new Error("away")) };
  clockMetrics(registry, () => undefined);
  upgradesMetrics(registry, () => undefined);
  for (const prefix of ["zcloud_dns_", "zcloud_resolver_"])
    dnsMetrics(registry, prefix, away as unknown as Parameters<typeof dnsMetrics>[2]);
  clusterMetrics(registry, () => undefined);
  busMetrics(registry, new AbortController().signal);
  const texts = [await prometheus.get("/metrics"), await alertmanager.get("/metrics")];
  const ofNode = await (await fetch(`http://127.0.0.1:${node}/metrics`)).text();
  await exporter.stop();
  const slots = [...Object.keys(slotCounters), ...Object.keys(slotGauges), "http_responses_total"];
  const source = fileURLToPath(new URL("../../..", import.meta.url));
  const names = [
    ...[...texts, ofNode].flatMap(announced),
    ...registry.getMetricsAsArray().map(({ name }) => name),
    ...slots.map((name) => `haproxy_backend_${name}`),
    ...haproxyMetrics,
    ...[`${source}apps`, `${source}libs`].flatMap(inSource),
  ];
  for (const name of names) exported.add(name);
  // This machine's init need not be systemd; what the collector says of units is its documentation's.
  for (const name of ["node_systemd_unit_state", "node_systemd_service_restart_total"]) exported.add(name);
});

afterAll(() => {
  prometheus.kill();
  alertmanager.kill();
});

/** Metrics of an expression, after Prometheus' own parser has taken it. */
async function namesOf(expression: string): Promise<readonly string[]> {
  const said = await prometheus.get(`/api/v1/format_query?query=${encodeURIComponent(expression)}`);
  const parsed = JSON.parse(said) as { readonly status: string; readonly error?: string; readonly data?: string };
  if (parsed.status !== "success") throw new Error(`${expression}: ${parsed.error}`);
  const bare = (parsed.data ?? "")
    .replaceAll(/"(\\.|[^"\\])*"/g, "")
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, "")
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  const words = [...bare.matchAll(/\b([a-zA-Z_:][\w:]*)\b(?!\s*\()/g)].map(([, name = ""]) => name);
  return words.filter((word) => !["and", "or", "unless", "bool", "offset"].includes(word));
}

test("every expression of rules and dashboards is PromQL, and about metrics that somebody exports", async () => {
  const missing = new Set<string>();
  let seen = 0;
  for (const expression of expressions) {
    for (const name of await namesOf(expression)) {
      seen += 1;
      if (!exported.has(name)) missing.add(`${name} in ${expression}`);
    }
  }
  expect([...missing]).toEqual([]);
  expect(seen).toBeGreaterThan(expressions.length);
});

test("what is no PromQL, or nobody's metric, is noticed", async () => {
  await expect(namesOf("sum by (host) (up")).rejects.toThrow(/unclosed|unexpected/);
  expect(await namesOf('rate(zcloud_nonsense_total{a="b"}[5m]) > 2')).toEqual(["zcloud_nonsense_total"]);
  expect(exported).not.toContain("zcloud_nonsense_total");
});

test("HAProxy's exporter is asked for names that it gives to whom asks for nothing", () => {
  const settings = { listen: { metrics: "127.0.0.1:1" } } as unknown as Parameters<typeof exporterFrontend>[0];
  const text = exporterFrontend(settings).join("\n");
  expect(haproxyMetrics.filter((name) => !text.includes(name))).toEqual([]);
});
