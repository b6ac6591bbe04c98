import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createHaproxy,
  type FrontPaths,
  type FrontSettings,
  frontSettings,
  type Haproxy,
  type HaproxyControl,
} from "@zcloud/daemons/haproxy";
import type { Endpoint } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { loadMap, type ZMap, zfrontOf } from "@zcloud/map";

/** What a front of the bench is made of; plain data, so that it can be given to another process. */
export interface SiteOptions {
  readonly directory: string;
  /** The lab's map. */
  readonly mapFile: string;
  /** Starts HAProxy with further arguments. */
  readonly program: readonly string[];
  /** Eight: http, https, peer, link, self, alarms, tables, metrics. */
  readonly ports: readonly number[];
  /** Where servers of endpoints listen. */
  readonly servers: readonly number[];
}

export interface Site {
  readonly map: ZMap;
  readonly settings: FrontSettings;
  readonly haproxy: Haproxy;
}

/** Where our own front is in the directory of a site. */
const files = {
  ...{ config: "haproxy.cfg", good: "haproxy.cfg.good", maps: "maps", crtList: "crt.list", certificates: "certs" },
  ...{ placeholder: "placeholder.pem", slots: "slots.json", socket: "a.sock", master: "m.sock", ca: "ca.crt" },
  certificate: "host.crt",
} as const;

/** The directory, with certificates of these names taken from another one. */
export function makeSite(directory: string, pem: string, certificates: string, names: readonly string[]): void {
  mkdirSync(join(directory, files.certificates), { recursive: true });
  for (const name of names)
    cpSync(join(certificates, `${name}.pem`), join(directory, files.certificates, `${name}.pem`));
  for (const file of [files.ca, files.certificate, "host.key"]) writeFileSync(join(directory, file), pem);
}

/** A front as production has it (renderer, controller, paths), except that it is in a directory and on loopback. */
export function openSite({ directory, mapFile, program, ports }: SiteOptions): Site {
  const loaded = loadMap(readFileSync(mapFile, "utf8"), mapFile);
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  const { map } = loaded;
  const base = frontSettings(map, zfrontOf(map, "north"), "x".repeat(43));
  const [http, https, peer, link = 0, self = 0, alarms = 0, tables = 0, metrics] = ports;
  const here = Object.fromEntries(Object.entries(files).map(([key, file]) => [key, join(directory, file)]));
  const paths: FrontPaths = { ...base.paths, ...here };
  const on = (port: number | undefined): string => `127.0.0.1:${port}`;
  const settings: FrontSettings = {
    ...base,
    paths,
    // TCP services are not measured here.
    listen: {
      ...base.listen,
      tcp: [],
      http: on(http),
      https: on(https),
      peer: on(peer),
      link,
      self,
      alarms,
      tables,
      metrics: on(metrics),
    },
    peer: base.peer && { ...base.peer, address: "127.0.0.1", port: 9 },
    sandbox: undefined,
    // As the peers: without a log. Limits are asked for at each request, and let one client be all of them.
    log: undefined,
    accessLog: undefined,
    limits: { requestsPerClient: 1_000_000_000, connectionsPerClient: 10_000 },
  };
  const control: HaproxyControl = {
    check: (path) => [...program, "-c", "-f", path],
    start: [...program, "-W", "-D", "-p", pidFile(directory), "-S", paths.master, "-f", paths.config],
    enabled: undefined,
    unitChanged: ["true"],
  };
  return { map, settings, haproxy: createHaproxy({ host: new LocalHost(), paths, control }) };
}

export function pidFile(directory: string): string {
  return join(directory, "haproxy.pid");
}

export function stopSite(directory: string): void {
  try {
    process.kill(Number(readFileSync(pidFile(directory), "utf8").trim()), "SIGTERM");
  } catch {
    // It does not run.
  }
}

export const nameOf = (route: number): string => `s${route}.demo.lab.example`;

/** Endpoint number `route` of a site with servers at these ports. */
export function endpointOf(site: string, route: number, ports: readonly number[]): Endpoint {
  return {
    ...{ v: 1, host: `${site}/zpod1`, tenant: "demo", project: `p${route}`, service: "web", health: "/healthz" },
    names: [nameOf(route)],
    servers: ports.map((port) => ({ id: `s-${route}-${port}`, address: "127.0.0.1", port, state: "up" })),
  };
}
