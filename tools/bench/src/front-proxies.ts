import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atExit, eventually } from "@zcloud/testing";
import { nameOf } from "./front-site.ts";

/** A proxy under test, one thread on one core. */
export interface RunningProxy {
  readonly name: string;
  readonly port: number;
  /** Seconds of CPU of its processes so far. */
  cpu(): number;
  stop(): void;
}

/** The core that proxies have for themselves; load and servers are on the other. */
export const proxyCore = "0";
export const loadCore = "1";

/** Runs a program on one core until the port answers. */
export async function startProxy(
  name: string,
  port: number,
  argv: readonly string[],
  home: string,
): Promise<RunningProxy> {
  const env = { ...process.env, HOME: home, GOMAXPROCS: "1" };
  const child = spawn("taskset", ["-c", proxyCore, ...argv], { stdio: ["ignore", "ignore", "pipe"], env });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said = (said + chunk).slice(-4_000);
  });
  const forget = atExit(() => child.kill("SIGKILL"));
  child.once("exit", forget);
  await eventually(
    `${name} listens`,
    async () => {
      if (child.exitCode !== null) throw new Error(`start ${name}: it ended: ${said}`);
      return await listens(port);
    },
    600_000,
  );
  return { name, port, cpu: () => treeCpu(child.pid ?? 0), stop: () => void child.kill("SIGTERM") };
}

export async function listens(port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Of a process and its children, of all their threads: nanoseconds on a core by schedstat, as seconds. */
export function treeCpu(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const own = tasks.map(
    (task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e9,
  );
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" "),
  );
  const below = children.filter((child) => child !== "").map((child) => treeCpu(Number(child)));
  return [...own, ...below].reduce((sum, value) => sum + value, 0);
}

/** What somebody who knows HAProxy writes for ten names, and nothing more. */
export function handWritten(directory: string, port: number, server: number, routes: number): string {
  const names = Array.from({ length: routes }, (_, index) => index + 1);
  const map = join(directory, "hand.map");
  writeFileSync(map, names.map((route) => `${nameOf(route)} b${route}\n`).join(""));
  const lines = [
    "global",
    "    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets",
    "defaults",
    "    mode http",
    "    timeout connect 1s",
    "    timeout client 60s",
    "    timeout server 60s",
    "frontend tls",
    `    bind 127.0.0.1:${port} ssl crt ${join(directory, "wild.pem")} alpn h2,http/1.1`,
    "    option forwardfor",
    "    http-request set-header x-forwarded-proto https",
    `    use_backend %[req.hdr(host),host_only,lower,map_str(${map})]`,
    ...names.flatMap((route) => [`backend b${route}`, `    server s 127.0.0.1:${server} check`]),
    "",
  ];
  const path = join(directory, "hand.cfg");
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** A site block a name, as people write them; one certificate for all, which is in its favour. */
export function caddyFile(directory: string, port: number, server: number, routes: number): string {
  const wild = join(directory, "wild.pem");
  const blocks = Array.from({ length: routes }, (_, index) =>
    [
      `https://${nameOf(index + 1)}:${port} {`,
      `  tls ${wild} ${wild}`,
      `  reverse_proxy 127.0.0.1:${server}`,
      "}",
    ].join("\n"),
  );
  const path = join(directory, `Caddyfile-${routes}`);
  writeFileSync(path, `{\n  admin off\n  auto_https off\n  log {\n    level ERROR\n  }\n}\n${blocks.join("\n")}\n`);
  return path;
}

/** A server block a name and a kept-alive upstream, which is what there is to tune. */
export function nginxFile(directory: string, port: number, server: number, routes: number): string {
  const wild = join(directory, "wild.pem");
  const home = join(directory, "nginx");
  mkdirSync(home, { recursive: true });
  const blocks = Array.from({ length: routes }, (_, index) => [
    "  server {",
    `    listen 127.0.0.1:${port} ssl${index === 0 ? " reuseport" : ""}; http2 on; server_name ${nameOf(index + 1)};`,
    "    location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header connection ''; proxy_set_header host $host;",
    "      proxy_set_header x-forwarded-for $remote_addr; proxy_set_header x-forwarded-proto https; }",
    "  }",
  ]);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${home}/${kind};`,
  );
  const lines = [
    "user root; worker_processes 1; daemon off;",
    `pid ${home}/pid; error_log ${home}/error.log error;`,
    "events { worker_connections 10000; }",
    "http {",
    "  access_log off; keepalive_timeout 60s; keepalive_requests 1000000; server_names_hash_max_size 65536;",
    "  server_names_hash_bucket_size 128; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off;",
    `  ssl_certificate ${wild}; ssl_certificate_key ${wild};`,
    ...temporary,
    `  upstream up { server 127.0.0.1:${server}; keepalive 64; keepalive_requests 1000000; }`,
    ...blocks.flat(),
    "}",
    "",
  ];
  const path = join(directory, `nginx-${routes}.conf`);
  writeFileSync(path, lines.join("\n"));
  return path;
}

/** Answers everything at once, with a kilobyte. */
export function serverFile(directory: string, ports: readonly number[]): string {
  const path = join(directory, "server.cfg");
  const binds = ports.map((port) => `    bind 127.0.0.1:${port}`);
  const lines = [
    ...["global", "    nbthread 1", "defaults", "    mode http", "    timeout client 60s", "frontend all", ...binds],
    `    http-request return status 200 content-type text/plain string ${"x".repeat(1024)}`,
    "",
  ];
  writeFileSync(path, lines.join("\n"));
  return path;
}
