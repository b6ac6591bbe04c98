import { connect } from "node:net";
import { eventually, freePorts } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { proxyHeader, startTcpServer, type TcpServer } from "./tcp-server.test-support.ts";
import { endpoint, loopback, type TwoFronts, twoFronts, wish } from "./two-fronts.test-support.ts";

interface Echo extends TcpServer {
  /** What each connection began with. */
  readonly seen: string[];
}

/** Greets with its name, as mail servers do, and says everything back. */
async function echo(name: string, tells: boolean): Promise<Echo> {
  const seen: string[] = [];
  const server = await startTcpServer((socket) => {
    if (!tells) socket.write(`hello from ${name}\n`);
    let first = tells;
    socket.on("data", (data) => {
      let rest = data;
      if (first) {
        first = false;
        const header = proxyHeader(data);
        if (header?.from === undefined) return socket.destroy();
        seen.push(header.from);
        socket.write(`hello from ${name}\n`);
        rest = data.subarray(header.length);
      }
      if (rest.length > 0) socket.write(rest);
    });
  });
  return { ...server, seen };
}

/** A visitor's connection: what came so far, and whether it is over. */
function visit(site: "north" | "south", port: number, from = "127.0.0.77") {
  const socket = connect({ port, host: loopback[site], localAddress: from });
  const state = { text: "", closed: false, socket };
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    state.text += chunk;
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    state.closed = true;
  });
  return state;
}

let sites: TwoFronts;
let ports: readonly number[] = [];
const at: Record<string, Echo> = {};
const smtp = (): number => ports[0] ?? 0;
const plain = (): number => ports[1] ?? 0;
/** Which the map allows to the tenant, and nobody has yet. */
const allowed = (): number => ports[2] ?? 0;

beforeAll(async () => {
  ports = await freePorts(3);
  const service = (name: string) => ({ tenant: "demo", project: "app", service: name });
  sites = await twoFronts(undefined, {}, (map) => ({
    ...map,
    tenants: map.tenants.map((tenant) => ({ ...tenant, ports: [allowed()] })),
    tcp: [
      { name: "smtp", port: smtp(), ...service("mail"), proxyProtocol: true },
      { name: "irc", port: plain(), ...service("chat"), proxyProtocol: false },
    ],
  }));
  for (const site of ["north", "south"]) {
    at[`${site}-mail`] = await echo(`${site}-mail`, true);
    at[`${site}-chat`] = await echo(`${site}-chat`, false);
  }
  const own = (site: string) =>
    ["mail", "chat"].map((name) => endpoint(site, name, [at[`${site}-${name}`]?.port ?? 0], { names: [] }));
  await Promise.all([sites.north.serve(own("north"), own("south")), sites.south.serve(own("south"), own("north"))]);
  await eventually("the way to the peer is open", () => sites.north.linkOpen());
});

afterAll(() => {
  for (const one of Object.values(at)) one.stop();
  sites.remove();
});

async function greeting(site: "north" | "south", port: number, from?: string): Promise<string> {
  const visitor = visit(site, port, from);
  await eventually("a greeting or the end", () => visitor.text.includes("\n") || visitor.closed, 5_000);
  visitor.socket.destroy();
  return visitor.text.trim();
}

test("a connection comes to this site's server, which is told who it is from and to which port", async () => {
  expect(await greeting("north", smtp(), "127.0.0.78")).toBe("hello from north-mail");
  expect(at["north-mail"]?.seen).toContain(`127.0.0.78 -> :${smtp()}`);
  expect(await greeting("south", plain())).toBe("hello from south-chat");
});

test("with this site's server gone the peer's answers, and is told of the visitor, not of the front", async () => {
  at["north-mail"]?.stop();
  at["north-chat"]?.stop();
  expect(await greeting("north", smtp(), "127.0.0.79")).toBe("hello from south-mail");
  expect(at["south-mail"]?.seen).toContain(`127.0.0.79 -> :${smtp()}`);
  expect(await greeting("north", plain())).toBe("hello from south-chat");
  await at["north-mail"]?.start();
  await at["north-chat"]?.start();
  await eventually("north answers itself", async () => (await greeting("north", smtp())) === "hello from north-mail");
});

test("with all servers gone at both sites a connection ends at once, and has been at no more than two fronts", async () => {
  at["north-chat"]?.stop();
  at["south-chat"]?.stop();
  const began = performance.now();
  expect(await greeting("north", plain())).toBe("");
  const took = performance.now() - began;
  console.info(`TCP, all down: ended after ${Math.round(took)} ms`);
  expect(took).toBeLessThan(1_000);
  const arrived = (site: "north" | "south") => sites[site].frontendSessions("tcp-local");
  const [north, south] = [await arrived("north"), await arrived("south")];
  await greeting("north", plain());
  expect((await arrived("north")) - north).toBe(0);
  expect((await arrived("south")) - south).toBeLessThanOrEqual(4);
  await at["north-chat"]?.start();
  await at["south-chat"]?.start();
  await eventually("life afterwards", async () => (await greeting("north", plain())) === "hello from north-chat");
});

test("a connection that is open outlives a reload, and new ones come to the new process", async () => {
  const visitor = visit("north", plain());
  await eventually("a greeting", () => visitor.text.includes("\n"));
  await sites.north.reload();
  expect(await greeting("north", plain())).toBe("hello from north-chat");
  visitor.socket.write("still here?\n");
  await eventually("the old connection works", () => visitor.text.includes("still here?"));
  expect(visitor.closed).toBe(false);
  visitor.socket.destroy();
});

test("in maintenance connections end at once, those that are open go on, and nothing is reloaded", async () => {
  const chat = (site: string) => endpoint(site, "chat", [at[`${site}-chat`]?.port ?? 0], { names: [] });
  const intents = [wish("maintenance", "demo/app:chat")];
  await sites.north.serve([chat("north")], [chat("south")]);
  const visitor = visit("north", plain());
  await eventually("a greeting", () => visitor.text.includes("\n"));
  const actions = await sites.north.serve([chat("north")], [chat("south")], intents);
  expect(actions.map(({ kind }) => kind)).not.toContain("reload");
  expect(await greeting("north", plain())).toBe("");
  visitor.socket.write("still here?\n");
  await eventually("the open one works", () => visitor.text.includes("still here?"));
  visitor.socket.destroy();
  // Nor does it come by the other front, which may not have heard of it yet.
  at["south-chat"]?.stop();
  await sites.south.serve([chat("south")], [chat("north")]);
  expect(await greeting("south", plain())).toBe("");
  await at["south-chat"]?.start();
  await sites.north.serve([chat("north")], [chat("south")]);
  expect(await greeting("north", plain())).toBe("hello from north-chat");
});

test("a service that goes takes its port with it: connections to it end, no reload", async () => {
  const mail = endpoint("south", "mail", [at["south-mail"]?.port ?? 0], { names: [] });
  const actions = await sites.south.serve([mail], []);
  expect(actions.map(({ subject }) => subject)).toContain(`port ${plain()}`);
  expect(actions.map(({ kind }) => kind)).not.toContain("reload");
  expect(await greeting("south", plain())).toBe("");
  expect(await greeting("south", smtp())).toBe("hello from south-mail");
});

test("a port that a stack asks for is served without a reload: local first, then the peer, told of the visitor", async () => {
  const own = (site: string) => {
    const tcp = [{ public: allowed(), port: 2525, proxyProtocol: true }];
    const relay = endpoint(site, "relay", [1], { names: [], tcp });
    const ports = { "2525": at[`${site}-mail`]?.port ?? 0 };
    return { ...relay, servers: relay.servers.map((server) => ({ ...server, ports })) };
  };
  expect(await greeting("north", allowed())).toBe("");
  const actions = await sites.north.serve([own("north")], [own("south")]);
  await sites.south.serve([own("south")], [own("north")]);
  expect(actions.map(({ kind }) => kind)).not.toContain("reload");
  expect(await greeting("north", allowed(), "127.0.0.80")).toBe("hello from north-mail");
  expect(at["north-mail"]?.seen).toContain(`127.0.0.80 -> :${allowed()}`);
  at["north-mail"]?.stop();
  expect(await greeting("north", allowed(), "127.0.0.81")).toBe("hello from south-mail");
  expect(at["south-mail"]?.seen).toContain(`127.0.0.81 -> :${allowed()}`);
  await at["north-mail"]?.start();
});
