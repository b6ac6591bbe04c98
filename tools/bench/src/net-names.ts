import { createSocket } from "node:dgram";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { type BusAdmin, type ConnectedBus, connectBus, openAdmin } from "@zcloud/bus";
import type { Endpoint } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { createLoop, systemClock } from "@zcloud/reconcile";
import { atExit, eventually, freePorts, tempDir } from "@zcloud/testing";
import { siteNames } from "../../../apps/znet/src/names.ts";
import { createTwoSites, type TwoSites } from "../../../libs/daemons/nats/two-sites.test-support.ts";
import { outcome, question } from "../../../libs/daemons/resolver/dns-message.test-support.ts";
import { createUnbound } from "../../../libs/daemons/unbound/daemon.ts";
import { endIn, verbsIn } from "../../../libs/daemons/unbound/loopback.test-support.ts";
import { limited, median, type Row, shown } from "./results.ts";

/**
 * From an endpoint's being published on the bus to its name being answered, at its own site and at the other: two real
 * nats-servers with a leafnode, two Unbounds, and znet's loop, without V8's optimizing compiler, as our services run.
 */
export async function nameRows(quick: boolean): Promise<readonly Row[]> {
  setFlagsFromString("--no-opt");
  const sites = await createTwoSites();
  const ends: (() => Promise<void> | void)[] = [() => sites.remove()];
  try {
    const ports = new Map<string, number>();
    for (const { name } of sites.map.sites) {
      const server = await sites.start(name);
      ends.push(() => server.stop());
    }
    for (const { name, peer } of sites.map.sites) ends.push(await admin(sites, name, peer));
    for (const { name, peer } of sites.map.sites) {
      const bus = await connect(sites, `${name}/znet`);
      ends.push(() => bus.close());
      const [port = 0] = await freePorts(1);
      ports.set(name, port);
      ends.push(await serve(sites, { name, peer, port, bus }));
    }
    const pod = await connect(sites, "north/zpod1");
    ends.push(() => pod.close());
    const rows: Row[] = [];
    for (const present of quick ? [10] : [10, 1_000, 10_000])
      rows.push(...(await measure(pod, ports, present, quick || present > 1_000 ? 5 : 30)));
    return rows;
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function admin(sites: TwoSites, name: string, peer: string | undefined): Promise<() => Promise<void>> {
  const one: BusAdmin = openAdmin(sites.link(`${name}/znet`));
  one.wantPeer(peer);
  await eventually(`streams of ${name}`, () => one.ensured());
  return () => one.close();
}

function connect(sites: TwoSites, id: string): Promise<ConnectedBus> {
  return connectBus({ ...sites.link(id), host: new LocalHost(), stateDir: join(sites.directory, "state", id) });
}

/** What znet does for its site's names; returns how to end it. */
async function serve(
  { map }: TwoSites,
  { name, peer, port, bus }: { name: string; peer: string | undefined; port: number; bus: ConnectedBus },
): Promise<() => Promise<void>> {
  const directory = tempDir();
  const at = (file: string) => join(directory, file);
  const places = {
    ...{ interfaces: ["127.0.0.1"], port, user: "", directory, config: at("unbound.conf"), names: at("names.conf") },
    ...{ control: at("control"), unit: at("unit"), enabled: at("pid"), trustAnchor: at("root.key") },
  };
  const here = bus.replica("endpoints", "site");
  const there = bus.replica("endpoints", "peer");
  const names = siteNames(here, there, () => Date.now());
  const verbs = verbsIn(directory, places.config);
  const loop = createLoop({
    reconciler: createUnbound({ host: new LocalHost(), map: () => map, site: name, places, verbs }),
    desired: () => ({ map, site: name, records: names(map, name, peer) }),
    clock: systemClock,
  });
  for (const replica of [here, there]) replica.onChange(() => loop.trigger("change"));
  atExit(() => endIn(directory));
  const stop = new AbortController();
  const running = loop.start(stop.signal);
  await eventually(`names of ${name}`, () => loop.state().phase === "converged");
  return async () => {
    // A loop that goes on would start it again.
    stop.abort();
    await running;
    endIn(directory);
  };
}

async function measure(
  pod: ConnectedBus,
  ports: ReadonlyMap<string, number>,
  present: number,
  rounds: number,
): Promise<readonly Row[]> {
  const entries = new Map<string, Endpoint>();
  const add = (project: string): string => {
    entries.set(`zpod1.demo.${project}.web`, endpoint(project));
    return `${project}.demo.lab.example`;
  };
  for (let index = 0; index < present; index += 1) add(`p${present}-${index}`);
  pod.declare("endpoints", "zpod1", entries);
  const last = `p${present}-${present - 1}.demo.lab.example`;
  await Promise.all([...ports.values()].map((port) => answered(port, last, 180_000)));
  const times = { north: [] as number[], south: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, present > 1_000 ? 5_000 : 500));
    const name = add(`new${present}-${round}`);
    const start = performance.now();
    pod.declare("endpoints", "zpod1", new Map(entries));
    await Promise.all(
      (["north", "south"] as const).map(async (site) => {
        await answered(ports.get(site) ?? 0, name, 30_000);
        times[site].push(performance.now() - start);
      }),
    );
  }
  const said = (all: readonly number[]) =>
    `${median(all).toFixed(1)} (${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)})`;
  console.log(`  beside ${present} names: in the site ${said(times.north)} ms, in the other ${said(times.south)} ms`);
  const row = (where: string, value: number, target: number): Row => {
    const measure = `endpoint published to its name answered in the ${where}, beside ${present} others, ms, p50 of ${rounds}`;
    // What the target was set for is a site of some hundreds of names.
    return present > 1_000 ? shown(measure, value) : limited(measure, value, target);
  };
  return [row("site", median(times.north), 50), row("other site", median(times.south), 250)];
}

function endpoint(project: string): Endpoint {
  const servers = [{ id: "c1", address: "10.64.1.17", port: 40_001, state: "up" as const }];
  const about = { host: "north/zpod1", tenant: "demo", project, service: "web" };
  return { v: 1, ...about, names: [`${project}.demo.lab.example`], health: "/", servers };
}

/** Asks every 2 ms until there is an address. */
function answered(port: number, name: string, most: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    const until = performance.now() + most;
    const timer = setInterval(() => {
      if (performance.now() > until) end(new Error(`${name} is not answered after ${most / 1_000} s`));
      else socket.send(question(1, name), port, "127.0.0.1");
    }, 2);
    const end = (error?: Error): void => {
      clearInterval(timer);
      socket.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    let over = false;
    socket.on("message", (message) => {
      if (over || !/^\d+\.\d+\.\d+\.\d+$/.test(outcome(message))) return;
      over = true;
      end();
    });
  });
}
