import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { eventually, freePorts } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ask, startLoad } from "./client.test-support.ts";
import { type Backend, endpoint, startBackend, type TwoFronts, twoFronts } from "./two-fronts.test-support.ts";

/** Everything of north's visitors goes over the hop: only south has servers. */
const name = "far.demo.lab.example";
let sites: TwoFronts;
let far: Backend;
let stream: Server;
let port = 0;

beforeAll(async () => {
  // A port of this test's own: HAProxy shares one with whoever else listens there (SO_REUSEPORT).
  [port = 0] = await freePorts(1);
  const who = { name: "who", port, tenant: "demo", project: "app", service: "who", proxyProtocol: false };
  sites = await twoFronts(undefined, {}, (map) => ({ ...map, tcp: [who] }));
  far = await startBackend("far");
  stream = createServer((socket) => socket.on("error", () => {}).pipe(socket));
  await new Promise<void>((resolve) => stream.listen(0, "127.0.0.1", resolve));
  await serve("north");
  await serve("south");
  await eventually("north is served by south", async () => (await ask(sites.north.ports.https, name)).status === 200);
}, 60_000);

afterAll(() => {
  far.kill("SIGKILL");
  stream.close();
  sites.remove();
});

function serve(site: "north" | "south") {
  const { port: echo } = stream.address() as { port: number };
  const all = [endpoint("south", "far", [far.port]), endpoint("south", "who", [echo], { names: [] })];
  return site === "south" ? sites.south.serve(all) : sites.north.serve([], all);
}

/** What is sent comes back, for as long as it is open. */
interface Talk {
  readonly state: { text: string; closed: boolean };
  say(word: string): Promise<void>;
  end(): void;
}

function talk(socket: Socket): Talk {
  const state = { text: "", closed: false };
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    state.text += chunk;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    state.closed = true;
  });
  return {
    state,
    async say(word) {
      socket.write(word);
      await eventually(`${word} comes back`, () => state.text.includes(word));
    },
    end: () => socket.destroy(),
  };
}

async function webSocket(): Promise<Talk> {
  const options = { port: sites.north.ports.https, host: "127.0.0.1", servername: name, rejectUnauthorized: false };
  const socket = connectTls(options);
  const spoken = talk(socket);
  const head = [`GET / HTTP/1.1`, `host: ${name}`, "connection: upgrade", "upgrade: websocket"];
  head.push("sec-websocket-version: 13", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==");
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await eventually("the WebSocket is open", () => spoken.state.text.includes("101 Switching"));
  return spoken;
}

type Site = "north" | "south";
const file = (site: Site, which: "crt" | "key"): string => join(sites.directory, site, `host.${which}`);

/** Of the certificate that a site's listener for its peer shows now. */
function shown(site: Site): Promise<string> {
  const [cert, key, ca] = [file("north", "crt"), file("north", "key"), join(sites.directory, "north/ca.crt")];
  const pair = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };
  const to = { host: "127.0.0.1", port: sites[site].ports.peer, checkServerIdentity: () => undefined };
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...to, ...pair, ALPNProtocols: ["h2"] }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    }).on("error", reject);
  });
}

/** SHA-1 of the certificate that the process has for the hop, as client and as listener. */
async function held(site: Site): Promise<string> {
  const said = await sites[site].haproxy.runtime.send(`show ssl cert ${sites[site].settings.paths.certificate}`);
  return /SHA1 FingerPrint: (\w+)/.exec(said)?.[1] ?? "";
}

async function rotate(site: Site): Promise<void> {
  const { cert, key } = sites.newKeys(site);
  const old = await shown(site);
  // The host makes its key, the operator's certificate for it comes later: a pass in between changes nothing.
  writeFileSync(file(site, "key"), key);
  expect((await serve(site)).map(({ kind }) => kind)).toEqual([]);
  writeFileSync(file(site, "crt"), cert);
  expect((await serve(site)).map(({ kind }) => kind)).toContain("reload");
  const { fingerprint, fingerprint256 } = new X509Certificate(cert);
  expect(await held(site)).toBe(fingerprint.replaceAll(":", ""));
  expect(await shown(site)).toBe(fingerprint256);
  expect(fingerprint256).not.toBe(old);
}

test("new keys of both fronts, one after the other, under load over the hop: nothing is lost, the new ones are used", async () => {
  const { https } = sites.north.ports;
  const gets = startLoad(https, name, 60);
  const posts = startLoad(https, name, 30, "/", { method: "POST", body: "once" });
  const socket = await webSocket();
  const open = talk(connect({ port, host: "127.0.0.1" }));
  await open.say("one");
  await socket.say("one");
  await eventually("load runs", () => gets.sent() > 60);
  for (const site of ["south", "north"] as const) {
    await rotate(site);
    const from = gets.sent();
    await eventually("load goes on", () => gets.sent() > from + 120);
    await open.say(`after ${site}`);
    await socket.say(`after ${site}`);
    // Those that come now take the hop with the new keys.
    const fresh = talk(connect({ port, host: "127.0.0.1" }));
    await fresh.say("new");
    fresh.end();
  }
  const [get, post] = [await gets.end(), await posts.end()];
  console.info("new keys of the hop: GET", get, "POST", post);
  expect([...get.failures, ...post.failures]).toEqual([]);
  expect(Object.keys(get.bySite)).toEqual(["south"]);
  expect([socket.state.closed, open.state.closed]).toEqual([false, false]);
  // The process with the new certificate has handed over requests: nobody goes by the old one for lack of a way.
  expect(await sites.north.frontendSessions("link-in")).toBeGreaterThan(0);
  expect(await sites.north.linkOpen()).toBe(true);
  socket.end();
  open.end();
}, 60_000);
