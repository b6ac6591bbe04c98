import { execFileSync } from "node:child_process";
import { connect as connectTcp, createServer } from "node:net";
import { join } from "node:path";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { createTestCa, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, fetchWithHost, startLoad } from "./client.test-support.ts";
import { startH2Load } from "./h2-load.test-support.ts";
import { proxyHeader, startTcpServer, type TcpServer } from "./tcp-server.test-support.ts";
import {
  type Backend,
  endpoint,
  lines,
  startBackend,
  type TwoFronts,
  twoFronts,
  wish,
} from "./two-fronts.test-support.ts";

/** Its owner keeps the keys: the fronts have none for it. */
const vault = "vault.demo.lab.example";
const usual = "wiki.demo.lab.example";

interface KeyHolder extends TcpServer {
  /** What each connection with addresses said of itself by the PROXY protocol. */
  readonly seen: string[];
}

let sites: TwoFronts;
let wiki: Backend;
const at: Record<string, KeyHolder> = {};

/** Speaks TLS with a key of its own behind the PROXY protocol, and says its name over it. */
async function keyHolder(site: string, cert: string, key: string): Promise<KeyHolder> {
  const seen: string[] = [];
  const tls = createTlsServer({ cert, key, ALPNProtocols: ["http/1.1"] }, (socket) => socket.end(`I am ${site}\n`));
  tls.on("tlsClientError", () => {});
  const server = await startTcpServer((socket) => {
    socket.once("data", (data) => {
      const header = proxyHeader(data);
      if (header === undefined) return socket.destroy();
      if (header.from !== undefined) seen.push(header.from);
      // TLS begins with what came behind the header.
      socket.pause();
      if (data.length > header.length) socket.unshift(data.subarray(header.length));
      tls.emit("connection", socket);
    });
  });
  return { ...server, seen };
}

/** Whose certificate a visitor is shown, and what is said over it. */
function visit(site: "north" | "south", name: string, from = "127.0.0.77"): Promise<{ cn: string; text: string }> {
  return new Promise((resolve, reject) => {
    const port = sites[site].ports.https;
    const socket: TLSSocket = connectTls(
      {
        socket: connectTcp({ port, host: "127.0.0.1", localAddress: from }),
        servername: name,
        rejectUnauthorized: false,
      },
      () => {
        cn = String(socket.getPeerCertificate().subject.CN);
      },
    );
    let [cn, text] = ["", ""];
    socket.setTimeout(5_000, () => socket.destroy(new Error("silence")));
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => resolve({ cn, text: text.trim() }));
  });
}

const own = (site: string, service = "vault") =>
  endpoint(site, service, [at[site]?.port ?? 0], { names: [vault], passthrough: { proxyProtocol: true } });
const plain = (site: string) => endpoint(site, "wiki", [wiki.port]);

beforeAll(async () => {
  sites = await twoFronts();
  wiki = await startBackend("wiki");
  const sign = createTestCa(join(sites.directory, "tenant"));
  for (const site of ["north", "south"]) {
    const { cert, key } = sign(`${vault} ${site}`, `DNS:${vault}`);
    at[site] = await keyHolder(site, cert, key);
  }
  await Promise.all([sites.north.serve([plain("north")]), sites.south.serve([plain("south")])]);
  await eventually("the way to the peer is open", () => sites.north.linkOpen());
});

afterAll(() => {
  for (const one of Object.values(at)) one.stop();
  wiki.kill("SIGKILL");
  sites.remove();
});

test("the first such name is one reload, which says so and loses nothing of others; a second one is none", async () => {
  const { https } = sites.north.ports;
  const [h1, h2] = [startLoad(https, usual, 100), startH2Load(https, usual, 100)];
  await eventually("load runs", () => h1.sent() > 50 && h2.sent() > 50);
  const first = await sites.north.serve([plain("north"), own("north")], [own("south")]);
  expect(lines(first).filter((line) => line.startsWith("reload"))).toEqual([
    "reload ~ haproxy reloads, no request is lost: 8 more slots for tls-one",
  ]);
  const since = h1.sent();
  await eventually("load goes on", () => h1.sent() > since + 100);
  const second = await sites.north.serve(
    [
      plain("north"),
      own("north"),
      endpoint("north", "safe", [at["north"]?.port ?? 0], { passthrough: { proxyProtocol: true } }),
    ],
    [own("south")],
  );
  expect(second.map(({ kind }) => kind)).not.toContain("reload");
  const [one, two] = [await h1.end(), await h2.end()];
  expect([...one.failures, ...two.failures]).toEqual([]);
  await sites.south.serve([plain("south"), own("south")], [own("north")]);
});

test("a visitor gets the owner's own handshake from this site's server, which is told who it is from", async () => {
  expect(await visit("north", vault, "127.0.0.78")).toEqual({ cn: `${vault} north`, text: "I am north" });
  expect(at["north"]?.seen).toContain("127.0.0.78 -> :443");
  // Names are compared as DNS does.
  expect((await visit("north", vault.toUpperCase())).cn).toBe(`${vault} north`);
});

test("names of others are served as ever, with the visitor's address", async () => {
  const { status, body, headers } = await ask(sites.north.ports.https, usual);
  expect([status, headers["x-zcloud-site"]]).toEqual([200, "north"]);
  expect((JSON.parse(body) as { headers: Record<string, string> }).headers["x-forwarded-for"]).toBe("127.0.0.1");
  expect((await ask(sites.north.ports.https, vault.replace("vault", "nobody"))).status).toBe(404);
  expect((await ask(sites.north.ports.https, usual, "/", { headers: { host: vault } })).status).toBe(404);
});

test("a first message in pieces is waited for, and what is no TLS is let go at once", async () => {
  const { https } = sites.north.ports;
  const slow = connectTcp({ port: https, host: "127.0.0.1" });
  slow.setNoDelay(true);
  // A TLS client whose bytes go out one half at a time.
  const hello = clientHello(vault);
  slow.write(hello.subarray(0, hello.length - 40));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = at["north"]?.seen.length ?? 0;
  slow.write(hello.subarray(hello.length - 40));
  await eventually("the owner's server has it", () => (at["north"]?.seen.length ?? 0) > before);
  slow.destroy();

  const noise = connectTcp({ port: https, host: "127.0.0.1" });
  let closed = false;
  noise
    .on("error", () => {})
    .on("close", () => {
      closed = true;
    });
  noise.resume().write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  await eventually("it ends", () => closed, 2_000);
});

/** What OpenSSL sends first for this name. */
function clientHello(name: string): Buffer {
  const script = `
    const net = require("node:net"), tls = require("node:tls");
    const server = net.createServer((socket) => socket.once("data", (data) => {
      process.stdout.write(data.toString("hex")); process.exit();
    })).listen(0, "127.0.0.1", () => tls.connect({ port: server.address().port, servername: process.argv[1] }).on("error", () => {}));`;
  return Buffer.from(execFileSync(process.execPath, ["-e", script, name], { encoding: "utf8" }), "hex");
}

test("port 80 leads to https, challenges too: the answer of our own account would be wrong", async () => {
  const url = `http://127.0.0.1:${sites.north.ports.http}/.well-known/acme-challenge/abcdefghijklmnopqrstuvwxyz`;
  const { statusCode, headers } = await fetchWithHost(url, vault);
  expect([statusCode, headers.location]).toEqual([
    308,
    `https://${vault}/.well-known/acme-challenge/abcdefghijklmnopqrstuvwxyz`,
  ]);
  expect((await fetchWithHost(url, usual)).statusCode).toBe(200);
});

test("without a server here the peer's answers, told of the visitor", async () => {
  at["north"]?.stop();
  expect(await visit("north", vault, "127.0.0.79")).toEqual({ cn: `${vault} south`, text: "I am south" });
  expect(at["south"]?.seen).toContain("127.0.0.79 -> :443");
  await at["north"]?.start();
  await eventually("north answers itself", async () => (await visit("north", vault)).cn.endsWith("north"));
  // Those that checks left out meanwhile come back.
  const slot = (await sites.north.observe()).slots.taken["demo/app/vault"]?.slot;
  const up = async (): Promise<number> => {
    const group = (await sites.north.observe()).running?.servers.get(`e${slot}`);
    return [...(group?.values() ?? [])].filter(({ status }) => status === "UP").length;
  };
  await eventually("all ways are open", async () => (await up()) === 3);
});

test("a server that holds its port and says nothing, as a stopped one does, is left out by its checks", async () => {
  at["north"]?.stop();
  const mute = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => mute.listen(at["north"]?.port, "127.0.0.1", resolve));
  const slot = (await sites.north.observe()).slots.taken["demo/app/vault"]?.slot;
  const status = async () => {
    const group = (await sites.north.observe()).running?.servers.get(`e${slot}`);
    return group?.get(`s-north-${at["north"]?.port}`)?.status;
  };
  await eventually("it is left out", async () => (await status()) === "DOWN");
  expect((await visit("north", vault)).cn).toBe(`${vault} south`);
  mute.close();
  await at["north"]?.start();
  await eventually("it is back", async () => (await status()) === "UP");
});

test("with nobody at both sites a connection ends at once, after two fronts", async () => {
  at["north"]?.stop();
  at["south"]?.stop();
  const began = performance.now();
  await visit("north", vault).catch(() => undefined);
  expect(performance.now() - began).toBeLessThan(1_000);
  const arrived = await sites.south.frontendSessions("tcp-local");
  const here = await sites.north.frontendSessions("tcp-local");
  await visit("north", vault).catch(() => undefined);
  expect((await sites.north.frontendSessions("tcp-local")) - here).toBe(0);
  expect((await sites.south.frontendSessions("tcp-local")) - arrived).toBeLessThanOrEqual(4);
  await at["north"]?.start();
  await at["south"]?.start();
});

test("in maintenance connections end at once, and nobody is shown another certificate", async () => {
  const peers = [own("south")];
  await sites.north.serve([plain("north"), own("north")], peers, [wish("maintenance", "demo/app:vault")]);
  await expect(visit("north", vault)).rejects.toThrow();
  await sites.north.serve([plain("north"), own("north")], peers);
  await eventually(
    "it is served again",
    async () => (await visit("north", vault).catch(() => undefined)) !== undefined,
  );
});

test("when the last such name leaves, another reload takes the detour away", async () => {
  const actions = await sites.north.serve([plain("north")]);
  expect(actions.map(({ kind }) => kind)).toContain("reload");
  expect((await sites.north.haproxy.runtime.send("show stat peek 1 -1")).split("\n").length).toBeLessThan(3);
  expect((await ask(sites.north.ports.https, usual)).status).toBe(200);
});
