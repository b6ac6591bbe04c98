import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { hostOf } from "@zcloud/map";
import { eventually, freePorts, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredPrometheus } from "./index.ts";
import { type Kept, keep, map, placesIn, serve } from "./monitor.test-support.ts";
import type { MonitorDesired } from "./plan.ts";
import type { Targets } from "./render.ts";

let kept: Kept;
let server: Server;
let desired: MonitorDesired;
const asked: string[] = [];

beforeAll(async () => {
  const root = tempDir();
  const [own = 0, target = 0] = await freePorts(3);
  server = await serve(target, (request, response) => {
    asked.push(request.url ?? "");
    response.end('# TYPE zcloud_resolver_up gauge\nzcloud_resolver_up 1\nzcloud_uptime_ratio{window="24h"} 1\n');
  });
  const places = placesIn(root, "prometheus", own);
  kept = keep("prometheus", places);
  const znet = hostOf(map, "north/znet").address;
  const at = ({ address }: { address: string }) => (address === znet ? `127.0.0.1:${target}` : "127.0.0.1:1");
  const targets: Omit<Targets, "rules"> = {
    service: at,
    node: at,
    haproxy: at,
    prometheus: places.listen,
    alertmanager: undefined,
  };
  const wanted = desiredPrometheus(map, "north", places, targets);
  desired = { ...wanted, config: wanted.config?.replaceAll("30s", "1s").replaceAll("10s", "1s") };
});

afterAll(() => {
  kept.kill();
  server.close();
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function query(text: string): Promise<readonly Sample[]> {
  const said = await kept.get(`/api/v1/query?query=${encodeURIComponent(text)}`);
  return (JSON.parse(said) as { data: { result: readonly Sample[] } }).data.result;
}

test("from nothing it starts, reads its rules, and asks what it is told to ask", async () => {
  expect(await kept.pass(desired)).toEqual(["write-unit", "write-aside", "configure"]);
  expect(await kept.pass(desired)).toEqual([]);
  await eventually(
    "znet's service is up",
    async () => (await query('up{job="zcloud",host="north/znet"} == 1')).length === 1,
  );
  const [up] = await query('zcloud_resolver_up{job="zcloud"}');
  expect(up?.metric).toMatchObject({ site: "north", host: "north/znet", role: "znet", job: expect.any(String) });
  expect(await query("zcloud_uptime_ratio{job='zcloud'}")).toEqual([]);
  await eventually(
    "who does not answer is down",
    async () => (await query('up{job="node",host="north/zpod1"} == 0')).length === 1,
  );
  const rules = JSON.parse(await kept.get("/api/v1/rules")) as { data: { groups: readonly object[] } };
  expect(rules.data.groups).toHaveLength(3);
});

test("HAProxy is asked for itself and its frontends, not for ten thousand servers", async () => {
  const znet = hostOf(map, "north/znet").address;
  const zfront = hostOf(map, "north/zfront").address;
  expect(znet).not.toBe(zfront);
  expect(desired.config).toContain("haproxy_process_current_connections");
  expect(desired.config).not.toMatch(/haproxy_(server|backend)_/);
});

test("another configuration is taken without a restart, and other rules under another name", async () => {
  const before = readdirSync(kept.places.aside);
  const started = 'process_start_time_seconds{job="prometheus"}';
  await eventually("it has asked itself", async () => (await query(started)).length === 1);
  const [start] = await query(started);
  const [[path, rules] = ["", undefined]] = [...desired.aside];
  const other = path.replace(/[^/]+$/, "other.yml");
  const next = {
    ...desired,
    aside: new Map([[other, { content: (rules?.content ?? "").replace("vector(1)", "vector(2)"), mode: 0o644 }]]),
    config: desired.config?.replace(path, other),
  };
  expect(await kept.pass(next)).toEqual(["write-aside", "configure", "remove-aside"]);
  expect(readdirSync(kept.places.aside)).toEqual(["other.yml"]);
  await eventually("it has the other rules", async () => (await kept.get("/api/v1/rules")).includes("vector(2)"));
  const [after] = await query(started);
  expect(after?.value[1]).toBe(start?.value[1]);
  expect(await kept.pass(desired)).toEqual(["write-aside", "configure", "remove-aside"]);
  expect(readdirSync(kept.places.aside)).toEqual(before);
});

test("what promtool refuses changes nothing", async () => {
  const path = kept.places.config ?? "";
  const before = readFileSync(path, "utf8");
  await expect(kept.pass({ ...desired, config: `${desired.config}nonsense: 1\n` })).rejects.toThrow(
    /nothing was changed/,
  );
  expect(readFileSync(path, "utf8")).toBe(before);
  expect(await kept.pass(desired)).toEqual([]);
});

test("what promtool takes and Prometheus does not is put back", async () => {
  // promtool does not mind the same remote storage twice.
  const twice = "remote_write:\n  - url: http://127.0.0.1:1/\n  - url: http://127.0.0.1:1/\nscrape_configs:";
  const config = desired.config?.replace("scrape_configs:", twice);
  await expect(kept.pass({ ...desired, config })).rejects.toThrow(/the last good text is in force again/);
  expect(await kept.pass(desired)).toEqual([]);
});

test("drift: a file changed by hand, and one that died", async () => {
  writeFileSync(kept.places.config ?? "", "global: {}\n");
  expect(await kept.pass(desired)).toEqual(["configure"]);
  kept.kill();
  await eventually("it is gone", async () =>
    kept.get("/-/ready").then(
      () => false,
      () => true,
    ),
  );
  expect(await kept.pass(desired)).toEqual(["start"]);
  expect(await kept.pass({ ...desired, on: false })).toEqual(["stop"]);
  expect(await kept.pass({ ...desired, on: false })).toEqual([]);
});
