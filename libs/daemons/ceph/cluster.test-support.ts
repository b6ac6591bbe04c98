import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { closeSync, openSync, readFileSync } from "node:fs";
import { converse, type Host, LocalHost, type RunOptions } from "@zcloud/host";
import { loadMap, type ZMap } from "@zcloud/map";
import { type Action, type Reconciler, runPass } from "@zcloud/reconcile";
import { atExit, type Userland, userland } from "@zcloud/testing";
import { askCommand } from "./ask-script.ts";
import { createCephFiles } from "./base.ts";
import { createCluster } from "./cluster.ts";
import { createDaemons } from "./daemons.ts";
import { createDisks } from "./disks.ts";
import { clusterWish } from "./index.ts";
import { mgrCureDirectory } from "./mgr-cure.ts";
import { createMonitor } from "./monitor.ts";
import { cephPlaces, type DaemonKind } from "./places.ts";
import type { DiskObserved } from "./plan-disks.ts";
import { type ClusterSecrets, encodeKey } from "./secrets.ts";
import { createSession, type Session } from "./session.ts";
import { cephDisks, cephNodes } from "./shape.ts";
import type { CephUnits } from "./units.ts";

const local = new LocalHost();
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/";

/** Two sites and a witness with a disk each, whose zstores are at loopback addresses of this machine. */
export function loopbackMap(): ZMap {
  const loaded = loadMap(
    `domain: lab.example
operators: [{ name: lab, key: "${key}" }]
sites:
  north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24, disks: { ceph: [/var/lib/zstore/disk0] } }
  south: { public: { ipv4: 203.0.113.10 }, network: 10.64.2.0/24, disks: { ceph: [/var/lib/zstore/disk0] } }
witness: { address: 192.0.2.7 }
storage: { kind: ceph, profile: lab, file_disk: 2G }
`,
    "test.yaml",
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const net = `127.${randomInt(2, 250)}.${randomInt(2, 250)}`;
  const sites = loaded.map.sites.map((site, index) => ({
    ...site,
    hosts: site.hosts.map((host) => (host.role === "zstore" ? { ...host, address: `${net}.${index + 1}` } : host)),
  }));
  return { ...loaded.map, sites, witness: { address: `${net}.9` } };
}

/** The userland as a host: its files, and programs that run in it. */
class UserlandHost implements Host {
  readonly name: string;
  readonly place: Userland;
  /** Called before every command and write; a test throws here to be a crash. */
  before: (what: string) => void = () => {};

  constructor(name: string, place: Userland) {
    this.name = name;
    this.place = place;
  }
  async run(argv: readonly string[], options?: RunOptions) {
    this.before(argv.join(" "));
    return local.run(this.place.command(...argv), options);
  }
  read = (path: string) => local.read(this.#at(path));
  async write(
    path: string,
    content: string | Uint8Array,
    { mode = 0o644, owner }: { mode?: number; owner?: string } = {},
  ) {
    this.before(`write ${path}`);
    await local.write(this.#at(path), content, { mode });
    if (owner !== undefined) await local.run(this.place.command("chown", owner, path));
  }
  remove = (path: string) => local.remove(this.#at(path));
  list = (path: string) => local.list(this.#at(path));
  stat = (path: string) => local.stat(this.#at(path));
  async close() {}
  #at = (path: string): string => `${this.place.root}${path}`;
}

/** One host of the cluster: its disk, its daemons, and what keeps them. */
export interface TestNode {
  readonly name: string;
  readonly host: UserlandHost;
  /** One pass of everything this host keeps; what was done. */
  pass(): Promise<readonly Action[]>;
  /** Passes until there is nothing to do. */
  settle(until?: () => boolean): Promise<void>;
  report(): ReturnType<ReturnType<typeof createCluster>["report"]>;
  numbers(): ReturnType<ReturnType<typeof createCluster>["numbers"]>;
  disks(): readonly DiskObserved[];
  /** Its service's way to the monitors. */
  readonly monitors: Pick<Session, "ask" | "write">;
  /** Sends a signal to its daemons of a kind. */
  send(kind: DaemonKind, signal: NodeJS.Signals): void;
  /** All its daemons end at once, and who asks for it; started again by the next pass, as systemd would. */
  powerOff(): Promise<void>;
  /** Resident bytes of its daemons. */
  memory(): number;
}

export function testSecrets(): ClusterSecrets {
  const secret = () => encodeKey(crypto.getRandomValues(new Uint8Array(16)), 1_700_000_000);
  return { v: 1, fsid: crypto.randomUUID(), mon: secret(), admin: secret() };
}

export async function testNode(map: ZMap, name: string, secrets: ClusterSecrets, founder: boolean): Promise<TestNode> {
  const host = new UserlandHost(name, userland("zstore"));
  const log = `${host.place.root}/tmp/daemons.log`;
  const running = new Map<string, ChildProcess>();
  const alive = (id: string) => running.get(id)?.exitCode === null && running.get(id)?.signalCode === null;
  const units: CephUnits = {
    running: async (kind, id) => alive(`${kind}.${id}`),
    async start(kind: DaemonKind, id) {
      if (alive(`${kind}.${id}`)) return;
      const output = openSync(log, "a");
      const flags = ["-f", "--cluster", "ceph", "-i", id, "--setuser", "ceph", "--setgroup", "ceph"];
      const env = kind === "mgr" ? ["env", `PYTHONPATH=${mgrCureDirectory}`] : [];
      const [program, ...args] = host.place.command(...env, `ceph-${kind}`, ...flags);
      const child = spawn(program, args, { stdio: ["ignore", output, output] });
      closeSync(output);
      running.set(`${kind}.${id}`, child);
      child.once(
        "exit",
        atExit(() => child.kill("SIGKILL")),
      );
    },
    async changed() {},
  };
  await local.run(host.place.command("install", "-d", "-o", "ceph", "-g", "ceph", "/run/ceph"));
  const { admin, ...shared } = secrets;
  await host.write(cephPlaces.secrets, JSON.stringify(name === "witness" ? shared : { ...shared, admin }), {
    mode: 0o600,
  });
  if (founder) await host.write(cephPlaces.mayFound, "");

  const node = cephNodes(map).find((one) => one.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  const order = () => map.sites.map((one) => one.name);
  const site = map.sites.find((one) => one.name === name);
  const files = createCephFiles({ host, units });
  const awaits = () => cephNodes(map).filter((one) => one.site !== undefined);
  const monitor = createMonitor({ host, units, node: () => node, ...(name === "witness" ? { awaits } : {}) });
  const open = () => createSession({ start: (talk) => converse(host.place.command(...askCommand), talk) });
  let session = open();
  const monitors: TestNode["monitors"] = {
    async ask(commands, options) {
      host.before(commands[0]?.prefix ?? "ask");
      return session.ask(commands, options);
    },
    write: (place, signal) => session.write(place, signal),
  };
  const daemons = createDaemons({ host, monitors, units, name });
  const disks = createDisks({
    host,
    monitors,
    units,
    owner: name,
    wanted: () => (site === undefined ? [] : cephDisks(map, site)),
  });
  const cluster = createCluster({ host, monitors, order, self: name });
  const once = async <D, O, A extends Action>(reconciler: Reconciler<D, O, A>, desired: D) => {
    const signal = AbortSignal.timeout(120_000);
    return runPass(reconciler, desired, { read: signal, write: signal });
  };
  const pass = async (): Promise<readonly Action[]> => {
    const done: Action[] = [...(await once(files, { map, node })), ...(await once(monitor, node))];
    if (site === undefined) return done;
    done.push(...(await once(daemons, node)), ...(await once(disks, cephDisks(map, site))));
    return [...done, ...(await once(cluster, clusterWish(map)))];
  };
  return {
    name,
    host,
    pass,
    async settle(until = () => true) {
      const end = Date.now() + 120_000;
      for (;;) {
        const failed = await pass().then(
          (done) => (done.length > 0 || !until() ? "not yet" : undefined),
          (error: Error) => error.message,
        );
        if (failed === undefined) return;
        if (Date.now() > end)
          throw new Error(`${name} does not settle: ${failed}; ${JSON.stringify(cluster.report())}`);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    },
    report: () => cluster.report(),
    numbers: () => cluster.numbers(),
    disks: () => disks.seen(),
    monitors,
    send(kind, signal) {
      for (const [id, child] of running) if (id.startsWith(`${kind}.`)) child.kill(signal);
    },
    async powerOff() {
      session.close();
      session = open();
      const ended = [...running.values()].map(
        (child) =>
          new Promise<void>((done) => {
            if (child.exitCode !== null || child.signalCode !== null) return done();
            child.once("exit", () => done());
            child.kill("SIGKILL");
          }),
      );
      await Promise.all(ended);
    },
    memory: () => [...running.values()].reduce((sum, { pid }) => sum + resident(pid), 0),
  };
}

function resident(pid: number | undefined): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
