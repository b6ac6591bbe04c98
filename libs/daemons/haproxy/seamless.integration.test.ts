import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, rootfsPath } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, startLoad } from "./client.test-support.ts";
import { startH2Load } from "./h2-load.test-support.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
let server: Backend;
const host = "busy.demo.lab.example";

beforeAll(async () => {
  sites = await twoFronts();
  server = await startBackend("busy");
  await sites.north.serve([endpoint("north", "busy", [server.port])]);
  await eventually("it is served", async () => (await ask(sites.north.ports.https, host)).status === 200);
});
afterAll(() => {
  server.kill("SIGKILL");
  sites.remove();
});

const worker = async (): Promise<number> => (await sites.north.observe()).running?.pid ?? 0;

/** 100 GETs a second by HTTP/1.1 with keep-alive and 100 by HTTP/2 while something is done to HAProxy, three times. */
async function underLoad(change: () => Promise<void>): Promise<void> {
  const { https } = sites.north.ports;
  const h1 = startLoad(https, host, 100);
  const h2 = startH2Load(https, host, 100);
  for (let round = 1; round <= 3; round += 1) {
    const before = await worker();
    const from = { h1: h1.sent(), h2: h2.sent() };
    await eventually("load runs", () => h1.sent() > from.h1 + 50 && h2.sent() > from.h2 + 50);
    await change();
    await eventually("a new process serves", async () => (await worker()) !== before);
    const since = { h1: h1.sent(), h2: h2.sent() };
    await eventually("load goes on", () => h1.sent() > since.h1 + 50 && h2.sent() > since.h2 + 50);
  }
  const [one, two] = [await h1.end(), await h2.end()];
  console.info("h1:", one, "h2:", two);
  expect(one.failures).toEqual([]);
  expect(two.failures).toEqual([]);
  // Otherwise nobody had to move.
  expect(two.connections).toBeGreaterThan(1);
}

test("a reload under load by HTTP/1.1 and HTTP/2 loses nothing", async () => {
  await underLoad(() => sites.north.reload());
});

test("another binary takes over under load (SIGUSR2, as systemctl reload and Debian's upgrade send it) and loses nothing", async () => {
  const directory = join(sites.directory, "north");
  const start = join(directory, "haproxy");
  const upgraded = join(directory, "haproxy-upgraded");
  copyFileSync(`${rootfsPath}/usr/sbin/haproxy`, upgraded);
  writeFileSync(start, readFileSync(start, "utf8").replace(`${rootfsPath}/usr/sbin/haproxy`, upgraded));
  const master = Number(readFileSync(join(directory, "pid"), "utf8"));
  await underLoad(async () => void process.kill(master, "SIGUSR2"));
  expect(readFileSync(`/proc/${await worker()}/maps`, "utf8")).toContain(upgraded);
  expect(Number(readFileSync(join(directory, "pid"), "utf8"))).toBe(master);
});
