import { type Agent, Agent as HttpsAgent } from "node:https";
import { connect } from "node:net";
import { connect as dialTls, type TLSSocket } from "node:tls";
import { eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask } from "./client.test-support.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

const limits = { requestsPerClient: 30, connectionsPerClient: 8 };
let sites: TwoFronts;
let backend: Backend;
const agents: Agent[] = [];

// What one test uses up is counted to the next, so each has visitors of its own.
beforeAll(async () => {
  backend = await startBackend("web");
  sites = await twoFronts(undefined, { limits, inside: ["192.0.2.0/24"] }, (map) => ({
    ...map,
    tenants: map.tenants.map((tenant) => ({ ...tenant, requests: 40 })),
  }));
  const own = (site: string) => [
    endpoint(site, "web", [backend.port]),
    endpoint(site, "form", [backend.port], { http: { rate: 5 } }),
  ];
  await sites.north.serve(own("north"), own("south"));
  await sites.south.serve(own("south"), own("north"));
});

afterAll(() => {
  for (const agent of agents) agent.destroy();
  backend.kill("SIGKILL");
  sites.remove();
});

/** Visitors of 127.0.0.N: on loopback every client has an address of its own. */
function visitor(last: number): Agent {
  const agent = new HttpsAgent({ keepAlive: true, maxSockets: 4, localAddress: `127.0.0.${last}` });
  agents.push(agent);
  return agent;
}

/** A connection of 127.0.0.N to north's front. */
function dialFrom(last: number): TLSSocket {
  const socket = connect({ port: sites.north.ports.https, host: "127.0.0.1", localAddress: `127.0.0.${last}` });
  return dialTls({ socket, servername: "web.demo.lab.example", rejectUnauthorized: false });
}

async function statuses(agent: Agent, count: number, service = "web", port = sites.north.ports.https) {
  const seen: number[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    seen.push((await ask(port, `${service}.demo.lab.example`, "/", { agent })).status);
  }
  return seen;
}

const how = (seen: readonly number[]) => ({
  ok: seen.filter((status) => status === 200).length,
  refused: seen.filter((status) => status === 429).length,
});

test("a client that asks too often is told so, and when to come back; others are served on", async () => {
  const busy = visitor(10);
  expect(how(await statuses(busy, 40))).toEqual({ ok: limits.requestsPerClient, refused: 10 });
  const answer = await ask(sites.north.ports.https, "web.demo.lab.example", "/", { agent: busy });
  expect(answer.status).toBe(429);
  expect(answer.headers["retry-after"]).toBe("10");
  expect(answer.body).toContain("Too many requests");
  expect(how(await statuses(visitor(11), 1))).toEqual({ ok: 1, refused: 0 });
});

test("an endpoint's own limit counts each client by itself, and only there", async () => {
  const busy = visitor(20);
  expect(how(await statuses(busy, 8, "form", sites.south.ports.https))).toEqual({ ok: 5, refused: 3 });
  expect(how(await statuses(visitor(21), 2, "form", sites.south.ports.https))).toEqual({ ok: 2, refused: 0 });
  expect(how(await statuses(busy, 2, "web", sites.south.ports.https))).toEqual({ ok: 2, refused: 0 });
});

test("a reload forgives nobody: the new process has the counters of the old one", async () => {
  const busy = visitor(10);
  expect(how(await statuses(busy, 1)).refused).toBe(1);
  await sites.north.reload();
  let sent = 0;
  await eventually(
    "the new process has the counters",
    async () => {
      sent += 1;
      return how(await statuses(visitor(10), 1)).refused === 1;
    },
    3_000,
  );
  expect(sent).toBeLessThan(limits.requestsPerClient);
});

test("what all clients of a tenant have together", async () => {
  // 40 in ten seconds; some were used above, and nobody alone comes near his own 30.
  const seen: number[] = [];
  for (let last = 30; last < 36; last += 1) {
    seen.push(...(await statuses(visitor(last), 10, "web", sites.south.ports.https)));
  }
  const { ok, refused } = how(seen);
  expect(ok).toBeLessThanOrEqual(40);
  expect(ok).toBeGreaterThan(20);
  expect(refused).toBe(60 - ok);
});

test("connections beyond a client's share are closed at once, the others stay", async () => {
  const open: TLSSocket[] = [];
  const closed: unknown[] = [];
  for (let index = 0; index < limits.connectionsPerClient + 4; index += 1) {
    const socket = dialFrom(40);
    await new Promise<void>((resolve) => {
      socket.on("secureConnect", () => {
        open.push(socket);
        resolve();
      });
      socket.on("error", (error) => {
        closed.push(error);
        resolve();
      });
    });
  }
  expect(open).toHaveLength(limits.connectionsPerClient);
  expect(closed).toHaveLength(4);
  for (const socket of open) socket.destroy();
  await eventually("they are counted out again", async () => {
    return (
      how(await statuses(visitor(40), 1).catch(() => [])).ok +
        how(await statuses(visitor(40), 1).catch(() => [])).refused >
      0
    );
  });
});

test("who does not finish his request is let go, and nobody waits for him", async () => {
  const slow = dialFrom(50);
  let answer = "";
  slow.setEncoding("utf8").on("data", (chunk: string) => {
    answer += chunk;
  });
  slow.write("GET / HTTP/1.1\r\nHost: web.demo.lab.example\r\nX-Slow: ");
  const drip = setInterval(() => slow.write("x"), 1_000);
  const took = await eventually("he is let go", () => answer.startsWith("HTTP/1.1 408"), 15_000);
  clearInterval(drip);
  slow.destroy();
  expect(took).toBeGreaterThan(8_000);
}, 20_000);
