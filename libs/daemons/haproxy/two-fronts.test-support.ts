import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint, Intent } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { type HostEntry, loadMap, tcpPorts, type ZMap, zfrontOf } from "@zcloud/map";
import { type Action, runPass, systemClock } from "@zcloud/reconcile";
import { createTestCa, debian, freePorts, type TestCertificate } from "@zcloud/testing";
import { createHaproxy, type Haproxy, type HaproxyControl } from "./daemon.ts";
import { createLastGood, type FrontSettings, frontSettings, toRoutes } from "./index.ts";
import { restTime } from "./last-good.ts";
import type { FrontAction, ObservedFront } from "./plan.ts";

/** Both sites have the same public ports, so in a test each has them at an address of its own. */
export const loopback = { north: "127.0.0.1", south: "127.0.0.2" } as const;

const someThumbprint = "Qr3NrLtjRuOyCRUVGHSUWa64jnM0ADnSRJl_ubWdbpU";

/** The lab's map: sites north and south, tenant demo. */
export function labMap(): ZMap {
  const text = readFileSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), "utf8");
  const loaded = loadMap(text, "lab.yaml");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}

/** An endpoint of tenant demo with servers on loopback. */
export function endpoint(
  site: string,
  service: string,
  ports: readonly number[],
  more: Partial<Endpoint> = {},
): Endpoint {
  const servers = ports.map((port) => ({ id: `s-${site}-${port}`, address: "127.0.0.1", port, state: "up" as const }));
  const base = { v: 1 as const, host: `${site}/zpod1`, tenant: "demo", project: "app", service, health: "/healthz" };
  return { ...base, names: [`${service}.demo.lab.example`], servers, ...more };
}

/** What an operator wants. */
export function wish(kind: Intent["kind"], subject: string): Intent {
  return { v: 1, kind, subject, reason: "", actor: "robin", at: "2026-11-22T14:00:00.000Z" };
}

export interface Front {
  readonly site: string;
  readonly settings: FrontSettings;
  readonly ports: {
    readonly http: number;
    readonly https: number;
    readonly peer: number;
    readonly link: number;
    readonly self: number;
    readonly tcpPeer: number;
    readonly tcpLink: number;
    readonly tcpLocal: number;
    /** Of the world that are not HTTP, ascending. */
    readonly tcp: readonly number[];
    readonly alarms: number;
    readonly tables: number;
    readonly metrics: number;
  };
  readonly haproxy: Haproxy;
  /** As it works when the configuration has rested. */
  readonly lastGood: ReturnType<typeof createLastGood>;
  readonly installed: string[];
  /** Kinds of what was repaired that the controller had not changed itself. */
  readonly drifted: string[];
  /** One pass with these endpoints of this site and of the peer. Throws unless it converges. */
  serve(
    own: readonly Endpoint[],
    peers?: readonly Endpoint[],
    intents?: readonly Intent[],
  ): Promise<readonly FrontAction[]>;
  observe(): Promise<ObservedFront>;
  /** Requests that came in by a frontend so far. */
  requests(frontend: "tls" | "peer"): Promise<number>;
  /** Connections that a frontend has taken so far. */
  frontendSessions(frontend: string): Promise<number>;
  /** Whether the way to the other front is open. */
  linkOpen(): Promise<boolean>;
  reload(): Promise<void>;
  stop(): void;
  start(): void;
}

export interface TwoFronts {
  readonly map: ZMap;
  readonly north: Front;
  readonly south: Front;
  readonly directory: string;
  /** Another certificate of the hosts' CA for a site's front, with a key of its own. */
  newKeys(site: "north" | "south"): TestCertificate;
  remove(): void;
}

/** Two sites' fronts on loopback, each a real HAProxy of the hosts' Debian with a mutual-TLS link to the other. */
export async function twoFronts(
  thumbprint = someThumbprint,
  more: Partial<FrontSettings> = {},
  change: (map: ZMap) => ZMap = (map) => map,
): Promise<TwoFronts> {
  const map = change(labMap());
  const directory = mkdtempSync(join(tmpdir(), "zcloud-front-"));
  const sign = createTestCa(join(directory, "ca"));
  const some = async (): Promise<Front["ports"]> => {
    const [http = 0, https = 0, peer = 0, link = 0, self = 0, alarms = 0, tables = 0] = await freePorts(7);
    const [tcpPeer = 0, tcpLink = 0, tcpLocal = 0, metrics = 0] = await freePorts(4);
    return {
      http,
      https,
      peer,
      link,
      self,
      alarms,
      tables,
      metrics,
      tcpPeer,
      tcpLink,
      tcpLocal,
      tcp: tcpPorts(map),
    };
  };
  const ports = { north: await some(), south: await some() };
  const makeFront = (site: "north" | "south"): Front => front(map, site, directory, sign, ports, thumbprint, more);
  const north = makeFront("north");
  const south = makeFront("south");
  const remove = (): void => {
    north.stop();
    south.stop();
    if (process.env["KEEP"] === undefined) rmSync(directory, { recursive: true, force: true });
  };
  process.once("exit", remove);
  const newKeys = (site: "north" | "south"): TestCertificate => certify(zfrontOf(map, site), sign);
  return { map, north, south, directory, newKeys, remove };
}

function certify({ fqdn, address }: HostEntry, sign: ReturnType<typeof createTestCa>): TestCertificate {
  return sign(fqdn, `DNS:${fqdn}`, `IP:${address}`);
}

type Sites = Readonly<Record<"north" | "south", Front["ports"]>>;

function front(
  map: ZMap,
  site: "north" | "south",
  root: string,
  sign: ReturnType<typeof createTestCa>,
  ports: Sites,
  thumbprint: string,
  more: Partial<FrontSettings>,
): Front {
  const directory = join(root, site);
  const self = zfrontOf(map, site);
  const other = site === "north" ? "south" : "north";
  const pair = certify(self, sign);
  mkdirSync(join(directory, "certs"), { recursive: true });
  for (const [name, text] of [
    ["ca.crt", pair.ca],
    ["host.crt", pair.cert],
    ["host.key", pair.key],
  ] as const) {
    writeFileSync(join(directory, name), text);
  }
  const base = frontSettings(map, self, thumbprint);
  const paths = Object.fromEntries(
    Object.entries({
      config: "haproxy.cfg",
      good: "haproxy.cfg.good",
      maps: "maps",
      crtList: "crt.list",
      certificates: "certs",
      placeholder: "placeholder.pem",
      slots: "slots.json",
      socket: "a.sock",
      master: "m.sock",
      ca: "ca.crt",
      certificate: "host.crt",
    }).map(([key, file]) => [key, join(directory, file)]),
  ) as unknown as FrontSettings["paths"];
  const own = ports[site];
  const settings: FrontSettings = {
    ...base,
    paths,
    listen: {
      http: `127.0.0.1:${own.http}`,
      https: `127.0.0.1:${own.https}`,
      peeked: `abns@zcloud-test-${own.https}`,
      peer: `127.0.0.1:${own.peer}`,
      link: own.link,
      self: own.self,
      alarms: own.alarms,
      tables: own.tables,
      metrics: `127.0.0.1:${own.metrics}`,
      tcpPeer: `127.0.0.1:${own.tcpPeer}`,
      tcpLink: own.tcpLink,
      tcpLocal: own.tcpLocal,
      tcp: own.tcp.map((port) => `${loopback[site]}:${port}`),
    },
    peer: base.peer && { ...base.peer, address: "127.0.0.1", port: ports[other].peer, tcpPort: ports[other].tcpPeer },
    sandbox: undefined,
    log: `127.0.0.1:${own.alarms} local0`,
    accessLog: undefined,
    // Tests come from loopback, and send more than a visitor does.
    inside: ["127.0.0.0/8"],
    ...more,
  };
  const program = haproxyProgram(directory);
  const pidFile = join(directory, "pid");
  const start = [program, "-W", "-D", "-p", pidFile, "-S", paths.master, "-f", paths.config] as const;
  const control: HaproxyControl = {
    check: (path) => [program, "-c", "-f", path],
    start,
    enabled: undefined,
    unitChanged: ["true"],
  };
  const installed: string[] = [];
  const drifted: string[] = [];
  const haproxy = createHaproxy({
    ...{ host: new LocalHost(), paths, control },
    installed: (name) => installed.push(name),
    drifted: (kinds) => drifted.push(...kinds),
  });
  const clock = { ...systemClock, now: () => Date.now() + restTime };
  const lastGood = createLastGood({ host: new LocalHost(), paths, control, clock });
  /** A column of the first line of `show stat`. */
  const stat = async (column: string, of: string): Promise<string> => {
    const [header = "", line = ""] = (await haproxy.runtime.send(`show stat ${of}`)).split("\n");
    return line.split(",")[header.split(",").indexOf(column)] ?? "";
  };
  const observe = () => haproxy.observe(new AbortController().signal);
  return {
    site,
    settings,
    ports: own,
    haproxy,
    lastGood,
    installed,
    drifted,
    observe,
    serve(endpoints, peers = [], intents = []) {
      const desired = { settings, routes: toRoutes(map, endpoints, peers, intents).routes, unitFiles: new Map() };
      const signal = AbortSignal.timeout(30_000);
      return runPass(haproxy, desired, { read: signal, write: signal });
    },
    requests: async (frontend) => Number(await stat("req_tot", `${frontend} 1 -1`)),
    frontendSessions: async (frontend) => Number(await stat("stot", `${frontend} 1 -1`)),
    linkOpen: async () => (await stat("status", "link 4 -1")).startsWith("UP"),
    async reload() {
      const { pid } = (await observe()).running ?? {};
      const { description } = (await observe()).running ?? { description: "" };
      const reload: FrontAction = { kind: "reload", change: "~", subject: "haproxy", summary: "test", description };
      await haproxy.apply(reload, AbortSignal.timeout(10_000));
      if ((await observe()).running?.pid === pid) throw new Error("the worker is still the old one");
    },
    stop() {
      if (!existsSync(pidFile)) return;
      try {
        process.kill(Number(readFileSync(pidFile, "utf8").trim()), "SIGTERM");
      } catch {
        // It has ended by itself.
      }
      rmSync(pidFile, { force: true });
    },
    start: () => void execFileSync(start[0], start.slice(1), { stdio: "ignore" }),
  };
}

/** HAProxy runs itself again at a reload, so it needs one path that starts it: a script for the other userland's loader. */
export function haproxyProgram(directory: string): string {
  const path = join(directory, "haproxy");
  const [loader, ...args] = debian("/usr/sbin/haproxy");
  writeFileSync(path, `#!/bin/sh\nexec ${loader} --argv0 "$0" ${args.join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What runs behind a name, in a process of its own, so that it can be stopped and killed. */
export interface Backend {
  readonly port: number;
  readonly process: ChildProcess;
  /** Paths that it was asked for besides health checks, with what came along. */
  asked(): Promise<readonly { readonly method: string; readonly url: string }[]>;
  kill(signal: NodeJS.Signals): void;
}

const program = `
const http = require("node:http");
const asked = [];
const [port, name] = process.argv.slice(1);
const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://x");
  if (url.pathname === "/healthz") return response.end("ok");
  if (url.pathname === "/asked") return response.end(JSON.stringify(asked));
  asked.push({ method: request.method, url: request.url });
  const status = Number(url.searchParams.get("status") ?? 200);
  const pause = Number(url.searchParams.get("drip") ?? 0);
  const answer = () => {
    response.writeHead(status, { "content-type": "application/json", "x-zcloud-site": "forged", "x-zcloud-status": "502" });
    const body = JSON.stringify({ name, method: request.method, headers: request.headers });
    if (pause === 0) return response.end(body);
    response.flushHeaders();
    setTimeout(() => response.end(body), pause);
  };
  request.resume();
  request.on("end", () => setTimeout(answer, Number(url.searchParams.get("wait") ?? 0)));
});
// The answer to the key of RFC 6455, 1.3, which is the one that the tests send; HAProxy checks it.
server.on("upgrade", (request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nconnection: upgrade\\r\\nupgrade: websocket\\r\\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\\r\\n\\r\\n");
  socket.on("data", (data) => socket.write(name + ":" + data));
  socket.on("error", () => {});
});
server.keepAliveTimeout = 60000;
server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready"));
`;

const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts one on this port, or on a free one. */
export async function startBackend(name: string, onPort?: number): Promise<Backend> {
  const port = onPort ?? (await freePorts(1))[0] ?? 0;
  const child = spawn(process.execPath, ["-e", program, String(port), name], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.once("exit", () => children.delete(child));
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", () => reject(new Error(`start backend ${name}: it ended`)));
  });
  const asked: Backend["asked"] = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/asked`);
    return (await response.json()) as Awaited<ReturnType<Backend["asked"]>>;
  };
  return { port, process: child, asked, kill: (signal) => void child.kill(signal) };
}

/** What a host that lost its power looks like on this port: it swallows connections. Ends with `end`. */
export async function startSilence(port: number): Promise<{ end(): void }> {
  const listen = `require("node:net").createServer().listen({ port: ${port}, host: "127.0.0.1", backlog: 1 }, () => process.stdout.write("ready"))`;
  const child = spawn(process.execPath, ["-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
  children.add(child);
  child.once("exit", () => children.delete(child));
  await new Promise<void>((resolve) => child.stdout?.once("data", () => resolve()));
  child.kill("SIGSTOP");
  // A stopped process accepts nothing, and its kernel no more than the queue holds.
  const queue = Array.from({ length: 8 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const end = (): void => {
    for (const socket of queue) socket.destroy();
    child.kill("SIGKILL");
  };
  return { end };
}

/** For messages of failed tests. */
export function lines(actions: readonly Action[]): readonly string[] {
  return actions.map(({ kind, change, subject, summary }) => `${kind} ${change} ${subject} ${summary}`);
}
