import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toRoutes } from "@zcloud/daemons/haproxy";
import { runPass } from "@zcloud/reconcile";
import { atExit, eventually, freePorts, tempDir } from "@zcloud/testing";
import { cpuPerRequest, idleShare, protocols } from "./front-cpu.ts";
import type { FrontOptions } from "./front-options.ts";
import { certificatesFor, haproxyScript, type Programs, selfSigned } from "./front-programs.ts";
import {
  caddyFile,
  handWritten,
  listens,
  loadCore,
  nginxFile,
  proxyCore,
  type RunningProxy,
  serverFile,
  startProxy,
  treeCpu,
} from "./front-proxies.ts";
import { endpointOf, makeSite, nameOf, openSite, stopSite } from "./front-site.ts";
import { type Row, shown } from "./results.ts";

export const mapFile = fileURLToPath(new URL("../../../deploy/maps/lab.yaml", import.meta.url));

/** Seconds in which every server of thousands of routes is checked twice. */
const checkRound = 60;

/** CPU per request of our front beside those that people would use instead: same machine, core, certificate type, server, load. */
export async function compare(programs: Programs, options: FrontOptions): Promise<readonly Row[]> {
  const directory = tempDir("zcloud-bench-front-");
  const few = 10;
  const [server = 0, ours = 0, hand = 0, caddyMany = 0, caddyFew = 0, nginx = 0, ...rest] = await freePorts(13);
  const names = Array.from({ length: options.routes }, (_, index) => nameOf(index + 1));
  writeFileSync(join(directory, "wild.pem"), selfSigned("*.demo.lab.example"));
  const script = haproxyScript(directory, programs.haproxy);
  const stopServer = await startServer(script, serverFile(directory, [server]), server);
  const proxies: RunningProxy[] = [];
  try {
    proxies.push(
      await startOurs(join(directory, "ours"), [rest[0] ?? 0, ours, ...rest.slice(1)], script, server, names),
      await startProxy(
        "haproxy by hand",
        hand,
        [script, "-db", "-f", handWritten(directory, hand, server, few)],
        directory,
      ),
      await startProxy(
        `caddy ${options.routes}`,
        caddyMany,
        caddy(programs, caddyFile(directory, caddyMany, server, options.routes)),
        directory,
      ),
      await startProxy(
        `caddy ${few}`,
        caddyFew,
        caddy(programs, caddyFile(directory, caddyFew, server, few)),
        directory,
      ),
      await startProxy(
        `nginx ${options.routes}`,
        nginx,
        [...programs.nginx, "-c", nginxFile(directory, nginx, server, options.routes)],
        directory,
      ),
    );
    const [our] = proxies;
    const idle = our === undefined ? 0 : await idleShare(our, options.quick ? 3 : checkRound);
    const spent = await cpuPerRequest(
      proxies,
      programs.h2load,
      options.quick ? { rounds: 3, requests: 10_000 } : { rounds: 9, requests: 30_000 },
    );
    const of = (name: string, protocol: string): number => spent.get(`${name} ${protocol}`) ?? Number.NaN;
    const row = (peer: string, target: number): readonly Row[] =>
      protocols.map((protocol) => {
        const mine = of("ours", protocol);
        const theirs = of(peer, protocol);
        const measure = `CPU per request, TLS ${protocol}, us: ours with ${options.routes} routes / ${peer}`;
        return {
          measure,
          ours: mine,
          peer: theirs,
          ratio: mine / theirs,
          target: `<= ${target}`,
          holds: mine / theirs <= target,
        };
      });
    return [
      ...row("haproxy by hand", 1.1),
      ...row(`caddy ${options.routes}`, 0.1),
      ...row(`caddy ${few}`, 0.35),
      ...row(`nginx ${options.routes}`, 1),
      ...protocols.map((protocol) => {
        const ratio = of("haproxy by hand", protocol) / of(`nginx ${options.routes}`, protocol);
        return shown(
          `the same, ${protocol}: haproxy by hand / nginx ${options.routes}, which nothing on HAProxy gets below`,
          ratio,
        );
      }),
      shown(`% of a core for health checks of ${options.routes} routes, idle (in the rows above too)`, idle * 100),
    ];
  } finally {
    for (const proxy of proxies) proxy.stop();
    stopServer();
  }
}

function caddy(programs: Programs, file: string): readonly string[] {
  return [...programs.caddy, "run", "--adapter", "caddyfile", "--config", file];
}

/** Our front, made by its own controller. */
async function startOurs(
  directory: string,
  ports: readonly number[],
  script: string,
  server: number,
  names: readonly string[],
): Promise<RunningProxy> {
  makeSite(directory, selfSigned("north"), certificatesFor(names), names);
  const program = ["taskset", "-c", proxyCore, script];
  const site = openSite({ directory, mapFile, program, ports, servers: [server] });
  const endpoints = (of: string) => names.map((_, index) => endpointOf(of, index + 1, [server]));
  const { routes } = toRoutes(site.map, endpoints("north"), endpoints("south"));
  const signal = AbortSignal.timeout(600_000);
  atExit(() => stopSite(directory));
  await runPass(
    site.haproxy,
    { settings: site.settings, routes, unitFiles: new Map() },
    { read: signal, write: signal },
  );
  const running = async () => (await site.haproxy.observe(signal)).running;
  const pid = (await running())?.pid ?? 0;
  await eventually(
    "servers of ours are up",
    async () => {
      const groups = [...((await running())?.servers.values() ?? [])];
      // The other site is not there.
      const local = groups.flatMap((group) => [...group].filter(([name]) => !name.startsWith("peer.")));
      return local.every(([, { status }]) => status === "UP");
    },
    60_000,
  );
  return { name: "ours", port: ports[1] ?? 0, cpu: () => treeCpu(pid), stop: () => stopSite(directory) };
}

export async function startServer(script: string, file: string, port: number): Promise<() => void> {
  const child = spawn("taskset", ["-c", loadCore, script, "-db", "-f", file], { stdio: "ignore" });
  const stop = (): void => void child.kill("SIGKILL");
  atExit(stop);
  await eventually("the server listens", () => listens(port));
  return stop;
}
