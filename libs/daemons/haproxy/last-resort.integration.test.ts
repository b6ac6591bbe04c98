import { connect as connectTls } from "node:tls";
import { eventually } from "@zcloud/testing";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { ask } from "./client.test-support.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

let sites: TwoFronts;
const at: Record<string, Backend> = {};
const names = ["north-web", "south-web", "north-pair1", "north-pair2", "south-pair1", "south-pair2"];

beforeAll(async () => {
  sites = await twoFronts();
  for (const name of names) at[name] = await startBackend(name);
});

beforeEach(() => serve("/healthz"));

afterAll(() => {
  for (const backend of Object.values(at)) backend.kill("SIGKILL");
  sites.remove();
});

const host = (service: string): string => `${service}.demo.lab.example`;

/** `web` has one server a site, `pair` has two; all are asked at this path how they are. */
async function serve(health: string): Promise<void> {
  const of = (site: "north" | "south") =>
    ["web", "pair"].map((service) => {
      const mine = names.filter((name) => name.startsWith(`${site}-${service}`));
      const ports = mine.map((name) => at[name]?.port ?? 0);
      return endpoint(site, service, ports, { health });
    });
  await Promise.all([sites.north.serve(of("north"), of("south")), sites.south.serve(of("south"), of("north"))]);
}

interface Talk {
  readonly head: string;
  /** What came back after `hello` was sent; empty where nothing was upgraded. */
  readonly echo: string;
  /** Milliseconds. */
  readonly took: number;
}

/** Asks north's front door for a WebSocket and says hello 700 ms later, which is longer than `answers_within`. */
function webSocket(service: string): Promise<Talk> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const { https: port } = sites.north.ports;
    const socket = connectTls({ port, host: "127.0.0.1", servername: host(service), rejectUnauthorized: false });
    let said = "";
    const end = (): void => {
      const [head = "", echo = ""] = said.split("\r\n\r\n");
      socket.destroy();
      resolve({ head, echo, took: performance.now() - begin });
    };
    socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing more after: ${said}`)));
    socket.on("secureConnect", () => {
      const headers = ["connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13"];
      const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
      socket.write([`GET /ws HTTP/1.1`, `host: ${host(service)}`, ...headers, key, "", ""].join("\r\n"));
    });
    socket.on("data", (data) => {
      const first = said === "";
      said += data.toString();
      if (!said.startsWith("HTTP/1.1 101")) return end();
      if (first) setTimeout(() => socket.write("hello"), 700);
      if (said.endsWith("hello")) end();
    });
    socket.on("error", reject);
  });
}

async function passes(): Promise<number> {
  const counts = [sites.north, sites.south].flatMap((front) => [front.requests("tls"), front.requests("peer")]);
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function servedBy(service: string): Promise<unknown> {
  return (await ask(sites.north.ports.https, host(service))).headers["x-zcloud-site"];
}

test("WebSocket passes, here and over the peer", async () => {
  expect(await webSocket("web")).toMatchObject({ echo: "north-web:hello" });
  at["north-web"]?.kill("SIGKILL");
  await eventually("south answers", async () => (await servedBy("web")) === "south");
  expect(await webSocket("web")).toMatchObject({ echo: "south-web:hello" });
  at["north-web"] = await startBackend("north-web", at["north-web"]?.port);
  await eventually("north answers again", async () => (await servedBy("web")) === "north");
});

test("a WebSocket to a name whose servers are all down at both sites: 503 within a second, after at most two passes", async () => {
  for (const name of names) at[name]?.kill("SIGKILL");
  onTestFinished(restart);
  const times: number[] = [];
  for (const service of ["web", "pair", "web", "pair", "web"]) {
    const before = await passes();
    const { head, took } = await webSocket(service);
    const count = (await passes()) - before;
    console.info("WebSocket, all down:", service, head.split("\r\n")[0], `${Math.round(took)} ms, ${count} passes`);
    expect(head).toMatch(/^HTTP\/1\.1 503 /);
    times.push(took);
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(2);
  }
  // The bound of failures.md, by the median: a busy machine makes one of them late.
  expect(times.sort((a, b) => a - b)[2]).toBeLessThan(1000);
});

/** All servers run again and are found well, whatever a test did to them. */
async function restart(): Promise<void> {
  for (const name of names) at[name] = await startBackend(name, at[name]?.port);
  for (const service of ["web", "pair"])
    await eventually("north answers again", async () => (await servedBy(service)) === "north");
}

test("a starved machine: every check at both sites times out, and requests still reach a server", async () => {
  // Longer than a check waits (1 s), while requests are answered at once.
  await serve("/?wait=3000");
  for (const front of [sites.north, sites.south])
    await eventually(
      `all checks of ${front.site} timed out`,
      async () => {
        // Servers only; those with a dot in their name have no check of the application's.
        const rows = (await front.haproxy.runtime.send("show stat -1 4 -1")).split("\n");
        const checked = rows.filter((row) => /^e\d+,s-[^,.]+,/.test(row));
        return checked.length === 3 && checked.every((row) => row.includes(",DOWN,") && row.includes(",L7TOUT,"));
      },
      30_000,
    );
  for (const service of ["web", "pair"])
    for (const method of ["GET", "POST"])
      for (let round = 0; round < 5; round += 1) {
        const answer = await ask(sites.north.ports.https, host(service), "/", { method });
        expect(answer.status, `${method} ${service}`).toBe(200);
      }
});
