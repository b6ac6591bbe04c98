import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./client.test-support.ts";
import { slotInfos, toRoutes } from "./index.ts";
import {
  type Backend,
  endpoint,
  type Front,
  startBackend,
  type TwoFronts,
  twoFronts,
} from "./two-fronts.test-support.ts";

let sites: TwoFronts;
let backend: Backend;
const own = (site: string) => ["web", "shop"].map((service) => endpoint(site, service, [backend.port]));

beforeAll(async () => {
  backend = await startBackend("web");
  sites = await twoFronts();
  await sites.north.serve(own("north"), own("south"));
  await sites.south.serve(own("south"), own("north"));
});

afterAll(() => {
  backend.kill("SIGKILL");
  sites.remove();
});

async function scrape({ ports }: Front, query = ""): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${ports.metrics}/metrics${query}`);
  expect(answer.status).toBe(200);
  return (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Sum of the samples of a name and these labels. */
function sum(lines: readonly string[], name: string, ...labels: readonly string[]): number {
  const found = lines.filter((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(label)));
  return found.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" "))), 0);
}

async function infos(front: Front) {
  const { slots } = await front.observe();
  return slotInfos(slots, toRoutes(sites.map, own("north"), own("south")).routes);
}

test("a request through the front is counted under the slot whose information names its stack", async () => {
  const { north } = sites;
  const known = await infos(north);
  const of = (name: string) =>
    known.filter((info) => info.name === `${name}.demo.lab.example`).map(({ proxy }) => proxy);
  const answers = async (proxies: readonly string[]) => {
    const lines = await scrape(north);
    const counted = proxies.map((proxy) =>
      sum(lines, "haproxy_server_http_responses_total", `proxy="${proxy}"`, 'code="2xx"'),
    );
    return counted.reduce((total, count) => total + count, 0);
  };
  expect(known).toContainEqual({
    ...{ proxy: of("web")[0], tenant: "demo", stack: "app", service: "web" },
    name: "web.demo.lab.example",
  });
  const before = { web: await answers(of("web")), shop: await answers(of("shop")) };
  for (let sent = 0; sent < 3; sent += 1) {
    expect((await ask(north.ports.https, "web.demo.lab.example")).status).toBe(200);
  }
  expect(await answers(of("web"))).toBe(before.web + 3);
  expect(await answers(of("shop"))).toBe(before.shop);
});

test("slots that nobody has do not appear, neither do their backends; every slot that does has its information", async () => {
  const { north } = sites;
  const lines = await scrape(north);
  const slots = new Set(lines.flatMap((line) => /proxy="([el]\d+)"/.exec(line)?.[1] ?? []));
  const known = await infos(north);
  expect([...slots].sort()).toEqual(known.map(({ proxy }) => proxy).sort());
  expect(slots.size).toBe(4);
  expect((await north.observe()).slots.blocks.reduce((total, { count }) => total + count, 0)).toBeGreaterThan(100);
  expect(lines.filter((line) => line.startsWith("haproxy_backend_"))).toEqual([]);
  expect(lines.length).toBeLessThan(600);
});

test("it says how HAProxy itself is, and its frontends; who asks with parameters gets what they say", async () => {
  const { north } = sites;
  const lines = await scrape(north);
  expect(lines.find((line) => line.startsWith("haproxy_process_uptime_seconds "))).toBeDefined();
  expect(sum(lines, "haproxy_frontend_http_requests_total", 'proxy="tls"')).toBeGreaterThan(0);
  expect(lines.some((line) => line.startsWith('haproxy_sticktable_size{name="count-clients"'))).toBe(true);
  const asked = await scrape(north, "?scope=backend&metrics=haproxy_backend_active_servers");
  expect(new Set(asked.map((line) => line.slice(0, line.indexOf("{"))))).toEqual(
    new Set(["haproxy_backend_active_servers"]),
  );
  expect(asked.length).toBeGreaterThan(200);
});

test("there is nothing else at that port", async () => {
  const { metrics } = sites.north.ports;
  for (const path of ["/", "/metrics/", "/healthz"]) {
    expect((await fetch(`http://127.0.0.1:${metrics}${path}`)).status).toBe(404);
  }
});
