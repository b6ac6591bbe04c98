import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { tempDir } from "@zcloud/testing";
import { pino } from "pino";
import { Gauge, Registry } from "prom-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttp, type Http } from "./http.ts";

let http: Http;
let ready = false;

beforeEach(() => {
  ready = false;
  const registry = new Registry();
  new Gauge({ name: "zcloud_test", help: "A test.", registers: [registry] }).set(7);
  const log = pino({ level: "silent" });
  const socket = join(tempDir(), "run/role.sock");
  http = createHttp({ host: new LocalHost(), socket, registry, readiness: () => ({ ready }), log });
});
afterEach(() => http.close());

test("neighbours get health, readiness and metrics, and nothing else", async () => {
  await http.use((app) => void app.get("/v1/secret", () => ({})));
  const url = await http.listenTcp("127.0.0.1", 0);
  const codes = async (...paths: string[]) => Promise.all(paths.map(async (path) => (await fetch(url + path)).status));
  expect(await codes("/healthz", "/readyz", "/metrics", "/v1/secret", "/")).toEqual([200, 503, 200, 404, 404]);
  ready = true;
  expect(await codes("/readyz")).toEqual([200]);
  expect(await (await fetch(`${url}/metrics`)).text()).toContain("zcloud_test 7");
});

test("what a role gives to the neighbours is there for them, beside that", async () => {
  const url = await http.listenTcp("127.0.0.1", 0, (app) => void app.get("/metrics/of/x", () => "y 1\n"));
  expect(await (await fetch(`${url}/metrics/of/x`)).text()).toBe("y 1\n");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("an address that is not there is told", async () => {
  await expect(http.listenTcp("192.0.2.1", 0)).rejects.toThrow("EADDRNOTAVAIL");
});

test("a client that keeps its connection does not keep the service from closing", async () => {
  const url = await http.listenTcp("127.0.0.1", 0);
  await fetch(`${url}/healthz`, { headers: { connection: "keep-alive" } });
  await http.close();
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});
