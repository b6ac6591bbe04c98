/**
 * The measured process of `front`: our controller with its routes and certificates, under the flags of its unit.
 * One argument, a ControllerPlan as JSON; prints one line of JSON a result.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { routeMaker, routeViews } from "@zcloud/daemons/haproxy";
import type { Endpoint } from "@zcloud/events";
import { runPass } from "@zcloud/reconcile";
import { endpointOf, nameOf, openSite, type SiteOptions } from "./front-site.ts";

export interface ControllerPlan {
  readonly site: SiteOptions;
  readonly routes: number;
  readonly idlePasses: number;
  /** PEM files of the new names, in order: each is a change. */
  readonly changes: readonly string[];
}

export type ControllerResult =
  | { readonly kind: "started"; readonly seconds: number }
  /** Milliseconds of CPU; MiB resident after it. */
  | { readonly kind: "idle"; readonly cpu: number; readonly rss: number }
  /** Milliseconds from the endpoint being known until a request was answered, and of it from the first command to HAProxy. */
  | { readonly kind: "change"; readonly served: number; readonly runtime: number }
  | { readonly kind: "end"; readonly peak: number; readonly reloads: number };

const say = (result: ControllerResult): void => void process.stdout.write(`${JSON.stringify(result)}\n`);

async function main(plan: ControllerPlan): Promise<void> {
  const { map, settings, haproxy } = openSite(plan.site);
  const own: Endpoint[] = [];
  const peer: Endpoint[] = [];
  for (let route = 1; route <= plan.routes; route += 1) {
    // As they come from the bus: every one an object of its own.
    const server = plan.site.servers[route % plan.site.servers.length] ?? 0;
    own.push(JSON.parse(JSON.stringify(endpointOf("north", route, [server]))));
    peer.push(JSON.parse(JSON.stringify(endpointOf("south", route, [server]))));
  }
  const routesOf = routeMaker();
  const wish = () => ({ settings, routes: routesOf(map, own, peer).routes, unitFiles: new Map() });
  let desired = wish();

  async function pass(applying?: (kind: string) => void): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(300_000);
    const hooks = applying === undefined ? {} : { applying: ({ kind }: { kind: string }) => applying(kind) };
    const done = await runPass(haproxy, desired, { read: signal, write: signal }, hooks);
    return done.map(({ kind }) => kind);
  }

  const start = performance.now();
  await pass();
  say({ kind: "started", seconds: (performance.now() - start) / 1000 });
  for (let count = 0; count < plan.idlePasses; count += 1) {
    const before = process.cpuUsage();
    const done = await pass();
    if (done.length > 0) throw new Error(`a pass with nothing to do did ${done.join(", ")}`);
    // What the service makes of each look for its status.
    const observed = haproxy.latest();
    if (observed !== undefined) routeViews(settings, desired.routes, observed);
    const { user, system } = process.cpuUsage(before);
    say({ kind: "idle", cpu: (user + system) / 1000, rss: process.memoryUsage.rss() / 2 ** 20 });
  }
  let reloads = 0;
  for (const [index, pem] of plan.changes.entries()) {
    const route = plan.routes + index + 1;
    const began = performance.now();
    writeFileSync(join(settings.paths.certificates, `${nameOf(route)}.pem`), readFileSync(pem), { mode: 0o600 });
    own.push(endpointOf("north", route, plan.site.servers.slice(0, 3)));
    desired = wish();
    let commands: number | undefined;
    let served: Promise<number> | undefined;
    const finished = pass((kind) => {
      if (kind === "reload") reloads += 1;
      if (kind === "certificate") commands = performance.now();
      if (kind === "route") served = answered(plan.site.ports[1] ?? 0, nameOf(route));
    });
    await finished;
    const at = (await served) ?? Number.NaN;
    say({ kind: "change", served: at - began, runtime: at - (commands ?? at) });
  }
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? 0) / 1024;
  say({ kind: "end", peak, reloads });
  process.exit(0);
}

/** When the name was answered with 200 and its own certificate; asks again until it is. */
async function answered(port: number, name: string): Promise<number> {
  for (;;) {
    const good = await new Promise<boolean>((resolve) => {
      const sent = request(
        { host: "127.0.0.1", port, servername: name, headers: { host: name }, rejectUnauthorized: false, agent: false },
        (response) => {
          const socket = response.socket as import("node:tls").TLSSocket;
          resolve(response.statusCode === 200 && socket.getPeerCertificate().subject.CN === name);
          response.resume();
        },
      );
      sent.on("error", () => resolve(false));
      sent.end();
    });
    if (good) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const argument = process.argv[2];
if (argument !== undefined) await main(JSON.parse(readFileSync(argument, "utf8")) as ControllerPlan);
