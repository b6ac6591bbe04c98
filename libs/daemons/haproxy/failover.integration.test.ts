import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, startLoad } from "./client.test-support.ts";
import {
  type Backend,
  endpoint,
  startBackend,
  startSilence,
  type TwoFronts,
  twoFronts,
} from "./two-fronts.test-support.ts";

let sites: TwoFronts;
const backends: Backend[] = [];

/** Services of tenant demo: one server a site unless said otherwise. */
const services = {
  web: { answersWithin: 500 },
  slow: {},
  pair: { answersWithin: 500 },
} as const;
type Service = keyof typeof services;
const at: Record<string, Backend> = {};

async function start(name: string, port?: number): Promise<Backend> {
  const backend = await startBackend(name, port);
  backends.push(backend);
  at[name] = backend;
  return backend;
}

const port = (name: string): number => at[name]?.port ?? 0;
const host = (service: string): string => `${service}.demo.lab.example`;

async function serveAll(): Promise<void> {
  const of = (site: "north" | "south") =>
    (Object.keys(services) as Service[]).map((service) => {
      const names = Object.keys(at).filter((name) => name.startsWith(`${site}-${service}`));
      return endpoint(site, service, names.map(port), services[service]);
    });
  await Promise.all([sites.north.serve(of("north"), of("south")), sites.south.serve(of("south"), of("north"))]);
}

beforeAll(async () => {
  sites = await twoFronts();
  await Promise.all(
    [
      "north-web",
      "south-web",
      "north-slow",
      "south-slow",
      "north-pair1",
      "north-pair2",
      "south-pair1",
      "south-pair2",
    ].map((name) => start(name)),
  );
  await serveAll();
});

afterAll(() => {
  for (const backend of backends) backend.kill("SIGKILL");
  sites.remove();
});

async function servedBy(service: string): Promise<unknown> {
  const answer = await ask(sites.north.ports.https, host(service));
  return answer.headers["x-zcloud-site"];
}

test("kill -9 of the local server under keep-alive GETs: none fails, the peer answers, and north again when it is back", async () => {
  const load = startLoad(sites.north.ports.https, host("web"), 100);
  await eventually("load runs", () => load.sent() > 50);
  const old = port("north-web");
  at["north-web"]?.kill("SIGKILL");
  await eventually("south answers", async () => (await servedBy("web")) === "south");
  await eventually("load went on", () => load.sent() > 200);
  await start("north-web", old);
  await eventually("north answers again", async () => (await servedBy("web")) === "north");
  const result = await load.end();
  console.info("kill -9:", result);
  expect(result.failures).toEqual([]);
  expect(result.bySite["south"]).toBeGreaterThan(0);
});

test("SIGSTOP of the local server under keep-alive GETs: none fails", async () => {
  const load = startLoad(sites.north.ports.https, host("web"), 100);
  await eventually("load runs", () => load.sent() > 50);
  at["north-web"]?.kill("SIGSTOP");
  await eventually("south answers", async () => (await servedBy("web")) === "south");
  const stopped = load.sent();
  await eventually("load went on", () => load.sent() > stopped + 200);
  at["north-web"]?.kill("SIGCONT");
  await eventually("north answers again", async () => (await servedBy("web")) === "north");
  const result = await load.end();
  console.info("SIGSTOP:", result);
  expect(result.failures).toEqual([]);
  expect(result.bySite["south"]).toBeGreaterThan(0);
});

test("two local servers killed at the same instant under many GETs, again and again: none fails", async () => {
  const names = ["north-pair1", "north-pair2"];
  for (let round = 0; round < 5; round += 1) {
    const load = startLoad(sites.north.ports.https, host("pair"), 400, "/?wait=2");
    await eventually("load runs", () => load.sent() > 200);
    for (const name of names) at[name]?.kill("SIGKILL");
    await eventually("south answers", async () => (await servedBy("pair")) === "south");
    for (const name of names) await start(name, port(name));
    await eventually("north answers again", async () => (await servedBy("pair")) === "north");
    expect((await load.end()).failures).toEqual([]);
  }
});

test("of two local servers, both stopped: GETs go to the peer and none fails", async () => {
  const load = startLoad(sites.north.ports.https, host("pair"), 50);
  await eventually("load runs", () => load.sent() > 20);
  at["north-pair1"]?.kill("SIGKILL");
  at["north-pair2"]?.kill("SIGKILL");
  await eventually("south answers", async () => (await servedBy("pair")) === "south");
  const later = load.sent();
  await eventually("load went on", () => load.sent() > later + 50);
  await start("north-pair1", port("north-pair1"));
  await start("north-pair2", port("north-pair2"));
  await eventually("north answers again", async () => (await servedBy("pair")) === "north");
  const result = await load.end();
  console.info("two killed:", result);
  expect(result.failures).toEqual([]);
});

test("a POST is never cut by the time for GETs and never sent twice; a slow download isn't cut either", async () => {
  const before = (await at["north-web"]?.asked())?.length ?? 0;
  const post = await ask(sites.north.ports.https, host("web"), "/pay?wait=1200", { method: "POST", body: "1" });
  expect(post.status).toBe(200);
  expect(post.headers["x-zcloud-site"]).toBe("north");
  const drip = await ask(sites.north.ports.https, host("web"), "/file?drip=1200");
  expect(drip.status).toBe(200);
  const after = (await at["north-web"]?.asked()) ?? [];
  expect(after.slice(before).map(({ url }) => url)).toEqual(["/pay?wait=1200", "/file?drip=1200"]);
});

test("a late GET is asked at the other site", async () => {
  const answer = await ask(sites.north.ports.https, host("slow"), "/?wait=900");
  expect(answer.headers["x-zcloud-site"]).toBe("north");
  at["north-web"]?.kill("SIGSTOP");
  const late = await ask(sites.north.ports.https, host("web"), "/late");
  at["north-web"]?.kill("SIGCONT");
  expect(late.headers["x-zcloud-site"]).toBe("south");
});

test("the client's address and scheme survive the hop and can't be forged at the edge", async () => {
  at["north-slow"]?.kill("SIGKILL");
  await eventually("south answers", async () => (await servedBy("slow")) === "south");
  const forged = {
    "x-forwarded-for": "203.0.113.66",
    forwarded: "for=203.0.113.66",
    "x-real-ip": "203.0.113.66",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "else.where",
    "x-forwarded-prefix": "/else",
    "x-zcloud-status": "502",
  };
  const answer = await ask(sites.north.ports.https, host("slow"), "/", { headers: forged });
  const { headers } = JSON.parse(answer.body);
  expect(headers).toMatchObject({
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "https",
    host: host("slow"),
  });
  for (const name of ["forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-prefix", "x-zcloud-status"])
    expect(headers[name], name).toBeUndefined();
  expect(answer.headers["x-zcloud-site"]).toBe("south");
  await start("north-slow", port("north-slow"));
  await eventually("north answers again", async () => (await servedBy("slow")) === "north");
});

test("only the other front gets in at the peer listener", async () => {
  const directory = sites.directory;
  const attempt = (files: string): Promise<string> =>
    new Promise((resolve) => {
      const read = (name: string) => readFileSync(`${directory}/${name}`, "utf8");
      const credentials = files === "" ? {} : { cert: read(`${files}/host.crt`), key: read(`${files}/host.key`) };
      const socket = connectTls({
        port: sites.south.ports.peer,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        ...credentials,
      });
      let said = "";
      socket.on("secureConnect", () =>
        socket.write(`GET / HTTP/1.1\r\nhost: ${host("slow")}\r\nconnection: close\r\n\r\n`),
      );
      socket.on("data", (data) => {
        said += data.toString();
      });
      socket.on("error", () => resolve("refused"));
      socket.on("close", () => resolve(said === "" ? "refused" : said.slice(0, 12)));
    });
  expect(await attempt("")).toBe("refused");
  expect(await attempt("south")).toBe("refused");
  expect(await attempt("north")).toBe("HTTP/1.1 200");
});

test("every server of a name down at both sites: 503 within a second, after at most two passes", async () => {
  for (const name of ["north-slow", "south-slow"]) at[name]?.kill("SIGKILL");
  const passes = async () =>
    (await sites.north.requests("tls")) +
    (await sites.north.requests("peer")) +
    (await sites.south.requests("peer")) +
    (await sites.south.requests("tls"));
  const reports = [];
  for (let round = 0; round < 4; round += 1) {
    const before = await passes();
    const answer = await ask(sites.north.ports.https, host("slow"), "/", { method: round % 2 === 0 ? "GET" : "POST" });
    const count = (await passes()) - before;
    reports.push({ status: answer.status, took: Math.round(answer.took), count });
    expect(answer.status).toBe(503);
    expect(answer.body).toContain("This site is not available");
    expect(answer.headers["x-zcloud-status"]).toBeUndefined();
    expect(answer.took).toBeLessThan(1000);
    expect(count).toBeLessThanOrEqual(2);
  }
  console.info("all down:", reports);
  for (const name of ["north-slow", "south-slow"]) await start(name, port(name));
  await eventually("north answers again", async () => (await servedBy("slow")) === "north");
});

test("hosts at both sites swallow packets: 503 within a second, for a name with one server and with two, kept alive or not", async () => {
  const gone = ["north-slow", "south-slow", "north-pair1", "north-pair2", "south-pair1", "south-pair2"];
  for (const name of gone) at[name]?.kill("SIGKILL");
  await eventually("their ports are free", async () => {
    return (await Promise.all(gone.map((name) => refused(port(name))))).every((free) => free);
  });
  const silent = await Promise.all(gone.map((name) => startSilence(port(name))));
  const agents = { north: new Agent({ keepAlive: true }), south: new Agent({ keepAlive: true }) };
  try {
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    for (const service of ["slow", "pair", "slow", "pair", "slow", "pair"])
      answers.push(await ask(sites.north.ports.https, host(service), "/", { agent: agents.north }));
    // Long enough that breakers are tried again many times; visitors at both fronts, as each makes the other's breakers fail.
    for (let round = 0; round < 20; round += 1) {
      const all = (["north", "south"] as const).flatMap((site) =>
        ["slow", "pair"].map((service) => ask(sites[site].ports.https, host(service), "/", { agent: agents[site] })),
      );
      answers.push(...(await Promise.all(all)));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    console.info("silence:", answers.map(({ status, took }) => `${status} ${Math.round(took)} ms`).join(", "));
    for (const { status, took } of answers) {
      expect(status).toBe(503);
      expect(took).toBeLessThan(1000);
    }
  } finally {
    for (const agent of Object.values(agents)) agent.destroy();
    for (const one of silent) one.end();
  }
  for (const name of gone) await start(name, port(name));
  for (const service of ["slow", "pair"])
    await eventually("north answers again", async () => (await servedBy(service)) === "north");
});

test("everything down here and the peer's front unreachable: 503 within a second", async () => {
  at["north-slow"]?.kill("SIGKILL");
  sites.south.stop();
  await eventually("south's front is gone", () => refused(sites.south.ports.peer));
  const answer = await ask(sites.north.ports.https, host("slow"));
  console.info("peer refuses:", answer.status, Math.round(answer.took));
  expect(answer.status).toBe(503);
  expect(answer.took).toBeLessThan(1000);
  sites.south.start();
  await start("north-slow", port("north-slow"));
  await eventually("north answers again", async () => (await servedBy("slow")) === "north");
});

test("everything down here and the peer's front accepts but says nothing: 503, and within a second once that is known", async () => {
  await eventually("south's front runs", async () => (await sites.south.observe()).running !== undefined);
  await eventually("the link is open", () => sites.north.linkOpen());
  at["north-slow"]?.kill("SIGKILL");
  const pid = (await sites.south.observe()).running?.pid;
  // 0 would be this test's own process group.
  if (!pid) throw new Error("find south's HAProxy: it does not run");
  process.kill(pid, "SIGSTOP");
  try {
    const first = await ask(sites.north.ports.https, host("slow"), "/");
    console.info("peer fell silent:", first.status, Math.round(first.took));
    expect(first.status).toBe(503);
    await eventually("the link is closed", async () => !(await sites.north.linkOpen()));
    const answers = [];
    for (let round = 0; round < 3; round += 1) answers.push(await ask(sites.north.ports.https, host("slow"), "/"));
    console.info("peer is silent:", answers.map(({ status, took }) => `${status} ${Math.round(took)} ms`).join(", "));
    for (const { status, took } of answers) {
      expect(status).toBe(503);
      expect(took).toBeLessThan(1000);
    }
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await eventually("the link is open again", () => sites.north.linkOpen());
  await start("north-slow", port("north-slow"));
  await eventually("north answers again", async () => (await servedBy("slow")) === "north");
});

function refused(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.on("error", () => resolve(true));
  });
}

test("an application's own 503 comes through as it is, from the peer too, and is no cause for a third pass", async () => {
  const before = await sites.south.requests("peer");
  const answer = await ask(sites.north.ports.https, host("web"), "/?status=503");
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body).name).toBe("south-web");
  expect((await sites.south.requests("peer")) - before).toBe(1);
});

test("an unknown name gets a page that says so; plain HTTP is sent to HTTPS; challenges are answered for any name", async () => {
  const unknown = await ask(sites.north.ports.https, "nobody.lab.example");
  expect(unknown.status).toBe(404);
  expect(unknown.body).toContain("No such site");
  expect(unknown.headers["x-zcloud-site"]).toBe("north");
  const plain = await plainGet(sites.north.ports.http, host("web"), "/a?b=c");
  expect(plain).toContain("HTTP/1.1 308");
  expect(plain).toContain(`location: https://${host("web")}/a?b=c`);
  const token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
  const challenge = await plainGet(sites.south.ports.http, "anything.example", `/.well-known/acme-challenge/${token}`);
  expect(challenge).toContain("HTTP/1.1 200");
  expect(challenge.split("\r\n\r\n")[1]).toBe(`${token}.Qr3NrLtjRuOyCRUVGHSUWa64jnM0ADnSRJl_ubWdbpU`);
});

function plainGet(to: number, name: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(to, "127.0.0.1");
    let said = "";
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${name}\r\nconnection: close\r\n\r\n`);
    socket.on("data", (data) => {
      said += data.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said));
  });
}
