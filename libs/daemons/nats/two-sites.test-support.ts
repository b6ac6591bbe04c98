import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BusLogger, type BusTls, createUserKey, type LinkOptions, type UserKey } from "@zcloud/bus";
import { allHosts, hostOf, type Keys, loadMap, type ZMap } from "@zcloud/map";
import { createTestCa, type Daemon, debian, freePorts, startDaemon } from "@zcloud/testing";
import { renderLeafKey, renderNats } from "./render.ts";

/** The lab's map, with two zpods so that one can try to write for the other. */
export function testMap(): ZMap {
  const text = readFileSync(new URL("../../../deploy/maps/lab.yaml", import.meta.url), "utf8");
  const loaded = loadMap(`${text}\nhosts: { zpod: { count: 2 } }\n`, "lab.yaml");
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
  return loaded.map;
}

export const silent: BusLogger = { debug() {}, info() {}, warn() {} };

export interface TwoSites {
  readonly map: ZMap;
  readonly directory: string;
  /** How a host of the map connects to its site's server. */
  link(hostId: string): LinkOptions;
  start(site: string): Promise<Daemon>;
  configPath(site: string): string;
  /** Breaks the link between the sites, and mends it. The servers stay up. */
  cut(): void;
  heal(): void;
  remove(): void;
}

/** Two sites' nats-servers as rendered for production, but on loopback ports and with keys made for this test. */
export async function createTwoSites(): Promise<TwoSites> {
  const map = testMap();
  const directory = mkdtempSync(join(tmpdir(), "zc-nats-"));
  const certificate = createTestCa(join(directory, "ca"));
  const wire = await createWire();
  const [natsNorth = 0, natsSouth = 0, leaf = 0, monitorNorth = 0, monitorSouth = 0] = await freePorts(5);
  const users = new Map<string, UserKey>(allHosts(map).map((host) => [host.id, createUserKey()]));
  const tls = new Map<string, BusTls>();
  const userOf = (id: string): UserKey => users.get(id) ?? createUserKey();

  function tlsOf(id: string): BusTls {
    const host = hostOf(map, id);
    const known = tls.get(id) ?? certificate(host.fqdn, `DNS:${host.fqdn}`, `IP:${host.address}`, "IP:127.0.0.1");
    tls.set(id, known);
    return known;
  }

  wire.to(leaf);
  const natsPort = (site: string) => (site === "north" ? natsNorth : natsSouth);
  const monitorPort = (site: string) => (site === "north" ? monitorNorth : monitorSouth);
  const keys: Keys = {
    v: 1,
    ca: tlsOf("north/znet").ca,
    acmeThumbprint: null,
    hosts: Object.fromEntries([...users].map(([id, key]) => [id, { nkey: key.public }])),
  };
  const at = (site: string) => join(directory, site);

  for (const { name } of map.sites) {
    mkdirSync(at(name));
    const places = {
      directory: at(name),
      owner: "root",
      unit: join(at(name), "unit.conf"),
      enabled: join(at(name), "enabled"),
      storeDirectory: join(at(name), "store"),
      monitor: `127.0.0.1:${monitorPort(name)}`,
      address: () => "127.0.0.1",
      natsPort,
      leafPort: () => (name === "north" ? leaf : wire.port),
    };
    const { ca, cert = "", key = "" } = tlsOf(`${name}/znet`);
    writeFileSync(join(at(name), "ca.crt"), ca);
    writeFileSync(join(at(name), "host.crt"), cert);
    writeFileSync(join(at(name), "host.key"), key);
    writeFileSync(join(at(name), "leaf.conf"), renderLeafKey(userOf(`${name}/znet`).seed));
    writeFileSync(join(at(name), "nats-server.conf"), renderNats(map, keys, name, places));
  }

  return {
    map,
    directory,
    configPath: (site) => join(at(site), "nats-server.conf"),
    link: (id) => ({
      servers: [`127.0.0.1:${natsPort(hostOf(map, id).site)}`],
      name: id,
      seed: userOf(id).seed,
      tls: tlsOf(id),
      logger: silent,
    }),
    start: (site) =>
      startDaemon(debian("/usr/sbin/nats-server", "-c", join(at(site), "nats-server.conf")), async () => {
        return (await fetch(`http://127.0.0.1:${monitorPort(site)}/healthz`)).ok;
      }),
    cut: wire.cut,
    heal: wire.heal,
    remove() {
      wire.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A TCP relay between the sites that can be cut without a word to either end. */
async function createWire() {
  const sockets = new Set<Socket>();
  let target = 0;
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = dial(target, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    to: (port: number) => {
      target = port;
    },
    cut,
    heal: () => {
      whole = true;
    },
    close() {
      cut();
      server.close();
    },
  };
}
