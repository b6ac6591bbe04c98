import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalHost } from "@zcloud/host";
import { type HostEntry, hostOf } from "@zcloud/map";
import { runPass } from "@zcloud/reconcile";
import { type Daemon, debian, eventually, golden, startDaemon, tempDir } from "@zcloud/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeNetwork, type Network } from "../resolver/namespaces.test-support.ts";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { type Chrony, createChrony } from "./daemon.ts";
import { desiredChrony } from "./index.ts";
import { type ChronyPlaces, chronyPlaces, renderChrony } from "./render.ts";
import { type ClockNews, watchSkew } from "./skew.ts";

const lab = labMap();
const worlds = ["192.0.2.53", "192.0.2.54", "192.0.2.55"] as const;
const map = { ...lab, ntp: { servers: worlds, nts: [] } };
const clockScript = fileURLToPath(new URL("clock.test-support.ts", import.meta.url));

let network: Network;
let root: string;
const running = new Map<string, Daemon>();
const pids = new Set<string>();

beforeEach(() => {
  root = tempDir();
  const hosts = { znet: "10.64.1.2", vm: "10.64.1.17" };
  network = makeNetwork({ ...hosts, ...Object.fromEntries(worlds.map((address, index) => [`w${index}`, address])) });
});

afterEach(async () => {
  for (const pid of pids) execFileSync("sh", ["-c", `kill "$(cat ${pid})" || true`], { stdio: "ignore" });
  pids.clear();
  await Promise.all([...running.values()].map((daemon) => daemon.stop()));
  running.clear();
  network.remove();
});

/** A time server of the world whose clock is wrong by so many seconds; in place of the one before. */
async function world(index: number, seconds: number): Promise<void> {
  await running.get(`w${index}`)?.stop();
  const argv = [process.execPath, "--import", "tsx", clockScript, worlds[index] ?? "", String(seconds)];
  running.set(`w${index}`, await startDaemon(network.inside(`w${index}`, ...argv), /ready/));
}

interface Machine {
  readonly chrony: Chrony;
  readonly news: ClockNews[];
  readonly places: ChronyPlaces;
  pass(): Promise<readonly string[]>;
  look(): Promise<ReturnType<Chrony["report"]>>;
}

/** A host whose chronyd never sets the clock, and asks every second. */
function machine(where: string, self: HostEntry): Machine {
  const at = (name: string) => join(root, `${where}-${name}`);
  const places = { config: at("conf"), unit: at("unit"), enabled: at("enabled"), state: root, run: at("run") };
  const news: ClockNews[] = [];
  const skew = watchSkew(self.id);
  const signal = AbortSignal.timeout(120_000);
  const pid = at("pid");
  pids.add(pid);
  const daemon = debian("/usr/sbin/chronyd", "-x", "-d", "-u", "root", "-f", at("fast"));
  const chrony = createChrony({
    host: new LocalHost(),
    places,
    verbs: {
      check: (path) => debian("/usr/sbin/chronyd", "-p", "-f", path),
      report: network.inside(
        where,
        ...debian("/usr/bin/chronyc", "-h", "127.0.0.1", "-c", "-n", "-m", "tracking", "sources"),
      ),
      ...commands(network.inside(where, ...daemon).join(" "), places, at("fast"), pid),
      unitChanged: ["true"],
    },
    seen: (report) => {
      const told = skew.look(report);
      if (told !== undefined) news.push(told);
    },
  });
  return {
    ...{ chrony, news, places },
    async look() {
      await chrony.observe(signal);
      return chrony.report();
    },
    async pass() {
      execFileSync("mkdir", ["-p", "-m", "700", places.run]);
      const applied = await runPass(chrony, desiredChrony(map, self, places), { read: signal, write: signal });
      return applied.map(({ kind }) => kind);
    },
  };
}

/** Shell commands of a server that asks every second. */
function commands(server: string, { config, enabled, run }: ChronyPlaces, fast: string, pid: string) {
  const alive = `test -e ${pid} && test "$(cat /proc/$(cat ${pid})/cmdline | wc -c)" -gt 0`;
  const quick = `sed 's/minpoll.*//; s/^\\(server.*\\)$/\\1 minpoll 0 maxpoll 0/' ${config} >${fast}`;
  const start = `touch ${enabled}; ${alive} || { ${quick}; setsid ${server} >>${pid}.log 2>&1 & echo $! >${pid}; }`;
  // Until somebody asks how it ended, the kernel knows a process that is gone, and the next chronyd takes it for one that runs.
  const end = `test ! -e ${pid} || kill "$(cat ${pid})"; while ${alive}; do sleep 0.05; done; rm -f ${run}/chronyd.pid`;
  return { start: ["sh", "-c", start], restart: ["sh", "-c", `${end}; ${start}`] };
}

async function hasNews({ look, news }: Machine, count: number): Promise<boolean> {
  await look();
  return news.length >= count;
}

const znetHost = hostOf(map, "north/znet");
const vmHost = hostOf(map, "north/zpod1");

describe("time", () => {
  test("znet follows the world and serves its site; a VM follows znet, and the world when znet is silent", async () => {
    for (const index of worlds.keys()) await world(index, 0);
    const znet = machine("znet", znetHost);
    expect(await znet.pass()).toEqual(["write-unit", "configure"]);
    expect(await znet.pass()).toEqual([]);
    await eventually("znet follows the world", async () => (await znet.look())?.stratum === 2);
    const vm = machine("vm", vmHost);
    await vm.pass();
    // Before it follows the world itself, znet says that it is the last resort of its site.
    await eventually("the VM follows znet, which follows the world", async () => {
      const report = await vm.look();
      return report?.follows === "10.64.1.2" && report.stratum === 3;
    });
    expect(vm.chrony.report()).toMatchObject({ synchronised: true, stratum: 3 });
    expect(Math.abs(vm.chrony.report()?.offset ?? 1)).toBeLessThan(0.1);
    network.silence("znet");
    const answered = () => vm.chrony.report()?.sources.find(({ server }) => server === "10.64.1.2")?.answered;
    await eventually(
      "the VM follows the world, and knows that znet is silent",
      async () => (await vm.look())?.stratum === 2 && answered() === 0,
      80_000,
    );
    network.heal("znet");
    await eventually("the VM follows znet again", async () => (await vm.look())?.follows === "10.64.1.2");
    expect([...znet.news, ...vm.news]).toEqual([]);
  }, 150_000);

  test("the world is away: the site goes on by znet's clock", async () => {
    const znet = machine("znet", znetHost);
    await znet.pass();
    const vm = machine("vm", vmHost);
    await vm.pass();
    await eventually("the VM follows znet", async () => (await vm.look())?.follows === "10.64.1.2");
    expect(vm.chrony.report()?.stratum).toBe(11);
    expect(await znet.look()).toMatchObject({ follows: undefined, stratum: 10 });
  });

  test("a clock that is wrong is told of once, by name, and once when it is right", async () => {
    for (const index of worlds.keys()) await world(index, 2.5);
    const znet = machine("znet", znetHost);
    await znet.pass();
    await eventually("it is told", () => hasNews(znet, 1));
    for (let looks = 0; looks < 3; looks += 1) await znet.look();
    expect(znet.news).toMatchObject([{ kind: "clock-wrong", level: "warning", subject: "north/znet" }]);
    expect(znet.news[0]?.reason).toMatch(/^the clock of north\/znet is 2\.\d+ s slow, by 192\.0\.2\.5\d$/);
    for (const index of worlds.keys()) await world(index, 0);
    await eventually("it is right", () => hasNews(znet, 2), 50_000);
    expect(znet.news.slice(1)).toMatchObject([{ kind: "clock-right", level: "info", subject: "north/znet" }]);
  });

  test("one server that lies is outvoted, and nobody is told that their clock is wrong", async () => {
    await world(0, -30);
    for (const index of [1, 2]) await world(index, 0);
    const znet = machine("znet", znetHost);
    await znet.pass();
    await eventually(
      "the liar is known",
      async () =>
        (await znet.look())?.sources.some(({ server, state }) => server === worlds[0] && state === "x") === true,
    );
    await eventually("it follows another", async () => (await znet.look())?.follows !== undefined);
    expect(znet.chrony.report()?.follows).not.toBe(worlds[0]);
    expect(znet.news).toEqual([]);
  });

  test("drift: a file changed by hand, a chronyd that is gone", async () => {
    await world(0, 0);
    const znet = machine("znet", znetHost);
    await znet.pass();
    writeFileSync(znet.places.config, "server 192.0.2.99\n");
    expect(await znet.pass()).toEqual(["configure"]);
    expect(await znet.pass()).toEqual([]);
    execFileSync("sh", ["-c", `kill "$(cat ${[...pids][0]})"`]);
    await eventually("it is gone", async () => (await znet.look()) === undefined);
    expect(await znet.pass()).toEqual(["start"]);
    expect(readFileSync(znet.places.config, "utf8")).toContain("orphan");
  });
});

test.each(["north/znet", "north/zpod1"])("chronyd takes the golden configuration of %s", (id) => {
  const wanted = { ...lab, ntp: { servers: ["2.debian.pool.ntp.org", "192.0.2.53"], nts: ["time.cloudflare.com"] } };
  const text = renderChrony(wanted, hostOf(wanted, id), chronyPlaces);
  golden(new URL(`golden/${id.replace("/", "-")}.conf`, import.meta.url), text);
  writeFileSync(join(root, "golden.conf"), text);
  const [program, ...args] = debian("/usr/sbin/chronyd", "-p", "-f", join(root, "golden.conf"));
  expect(execFileSync(program, args, { encoding: "utf8" })).toContain("time.cloudflare.com");
  expect(() => {
    writeFileSync(join(root, "bad.conf"), `${text}nonsense\n`);
    const [bad, ...words] = debian("/usr/sbin/chronyd", "-p", "-f", join(root, "bad.conf"));
    execFileSync(bad, words, { stdio: "pipe" });
  }).toThrow(/Invalid directive/);
});
