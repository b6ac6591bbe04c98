import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { type BusAdmin, type ConnectedBus, connectBus, openAdmin } from "@zcloud/bus";
import type { Endpoint } from "@zcloud/events";
import { LocalHost } from "@zcloud/host";
import { eventually, freePorts } from "@zcloud/testing";
import { createTwoSites, type TwoSites } from "../../../libs/daemons/nats/two-sites.test-support.ts";
import { outcome, question } from "../../../libs/daemons/resolver/dns-message.test-support.ts";
import type { ZnetWork } from "./net-names-znet.ts";
import { limited, median, type Row, shown } from "./results.ts";

/**
 * From an endpoint's being published on the bus to its name being answered, at its own site and at the other: two real
 * nats-servers with a leafnode, two Unbounds, and two processes with znet's loop, without V8's optimizing compiler, as our
 * services run.
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
      const [port = 0] = await freePorts(1);
      ports.set(name, port);
      const { logger: _, ...link } = sites.link(`${name}/znet`);
      ends.push(await startZnet({ map: sites.map, site: name, peer, port, link, state: join(sites.directory, name) }));
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

/** znet of a site, in a process of its own as on its machine; returns how to end it. */
async function startZnet(work: ZnetWork): Promise<() => Promise<void>> {
  const child = fork(new URL("./net-names-znet.ts", import.meta.url), { execArgv: ["--import", "tsx", "--no-opt"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`znet of ${work.site} ended with ${code}`)));
  });
  child.send(work);
  await ready;
  return async () => {
    // It ends its Unbound and itself.
    if (child.connected) child.disconnect();
    await gone;
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
