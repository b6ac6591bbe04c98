import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LocalHost } from "@zcloud/host";
import { hostOf } from "@zcloud/map";
import { runPass } from "@zcloud/reconcile";
import { atExit, type Daemon, debian, startDaemon } from "@zcloud/testing";
import { openControl } from "../unbound/control.ts";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { endIn, verbsIn } from "../unbound/loopback.test-support.ts";
import { productionPlaces, renderUnbound } from "../unbound/render.ts";
import { createResolver } from "./daemon.ts";
import { desiredResolver } from "./index.ts";
import { makeNetwork, type Network } from "./namespaces.test-support.ts";
import type { ResolverPlaces } from "./places.ts";

const map = labMap();
const self = hostOf(map, "north/zpod1");
const addresses = { vm: self.address, znet: "10.64.1.2", world: "192.0.2.53" };
export const front = "10.64.1.3";
export const outside = "198.51.100.10";

/** One question: when it was sent and answered (milliseconds since the epoch, 0: never), and what came. */
export type Asked = readonly [sent: number, answered: number, outcome: string];

/** A VM with its resolver, its site's znet and the world's DNS, each in a namespace of its own. */
export interface Vm {
  readonly network: Network;
  readonly world: Daemon;
  readonly places: ResolverPlaces;
  /** Carries out what the resolver's reconciler plans; the kinds of its actions. */
  pass(): Promise<readonly string[]>;
  /** Asks in the background; see asker.test-support.ts. */
  ask(seconds: number, period: number, domain: string): Promise<readonly Asked[]>;
  killZnet(): Promise<void>;
  startZnet(): Promise<void>;
  remove(): Promise<void>;
}

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const script = (file: string) => [process.execPath, "--import", "tsx", here(file)] as const;

/** @param root an empty directory */
export async function startVm(root: string): Promise<Vm> {
  const at = (name: string) => join(root, name);
  const places: ResolverPlaces = {
    ...{ unit: "zcloud-resolver", unitFile: at("unit"), enabled: at("pid"), config: at("resolver.conf") },
    ...{ hints: at("root.hints"), control: at("control"), resolvConf: at("resolv.conf") },
  };
  const network = makeNetwork(addresses);
  const verbs = verbsIn(root, places.config, network.inside("vm"));
  const resolver = createResolver({ host: new LocalHost(), places, verbs });

  async function startZnet(): Promise<void> {
    const own = {
      ...productionPlaces(map, "north"),
      ...{ names: at("names"), control: at("znet-control"), user: "", directory: root },
    };
    // Nothing of the world is remembered: every question shows what happens to one.
    const config = renderUnbound(map, "north", own)
      .replace("serve-expired: yes", "serve-expired: no\n    cache-max-ttl: 0")
      .replace('local-zone: "zcloud.internal." static', 'local-zone: "zcloud.internal." transparent');
    writeFileSync(
      own.names,
      `local-zone: "hello.lab.example." redirect\nlocal-data: "hello.lab.example. 30 IN A ${front}"
local-data: "wiki.garden.north.zcloud.internal. 1 IN A 10.64.1.99"\n`,
    );
    writeFileSync(at("znet.conf"), config);
    znet = await startDaemon(
      network.inside("znet", ...debian("/usr/sbin/unbound", "-d", "-p", "-c", at("znet.conf"))),
      async () => (await openControl(own.control).ask("status")) !== "",
    );
  }

  const worldScript = [...script("world.test-support.ts"), addresses.world, outside, addresses.znet];
  const world = await startDaemon(network.inside("world", ...worldScript), /ready/);
  let znet: Daemon;
  await startZnet();
  atExit(() => endIn(root));
  return {
    ...{ network, world, places, startZnet },
    async pass() {
      const signal = AbortSignal.timeout(30_000);
      const applied = await runPass(resolver, desiredResolver(map, self, places), { read: signal, write: signal });
      return applied.map(({ kind }) => kind);
    },
    async ask(seconds, period, domain) {
      const words = [seconds, period, domain].map(String);
      const [program, ...args] = network.inside("vm", ...script("asker.test-support.ts"), ...words);
      const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 26 });
      return JSON.parse(stdout) as Asked[];
    },
    killZnet: () => znet.stop("SIGKILL"),
    async remove() {
      endIn(root);
      await Promise.all([world.stop(), znet.stop()]);
      network.remove();
    },
  };
}

/** Milliseconds of the longest time without an answer, and of the slowest answer. */
export function gapOf(asked: readonly Asked[]): { readonly gap: number; readonly slowest: number } {
  const times = asked.map(([, answered]) => answered).sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return { gap: Math.max(...gaps), slowest: Math.max(...asked.map(([sent, answered]) => answered - sent)) };
}

/** Silences znet for 5 s amidst questions that nobody asked before; see Asked. */
export async function silenceZnet(vm: Vm): Promise<{
  readonly asked: readonly Asked[];
  readonly before: readonly Asked[];
  readonly away: readonly Asked[];
  readonly back: readonly Asked[];
}> {
  const asking = vm.ask(14, 20, "hello.lab.example");
  await wait(2_500);
  const cut = Date.now();
  vm.network.silence("znet");
  await wait(5_000);
  vm.network.heal("znet");
  const healed = Date.now();
  const asked = await asking;
  return {
    asked,
    before: asked.filter(([, answered]) => answered > 0 && answered < cut),
    away: asked.filter(([, answered]) => answered > cut - 100 && answered < healed),
    back: asked.filter(([, answered]) => answered >= healed),
  };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
