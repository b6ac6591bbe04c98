import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { LocalHost } from "@zcloud/host";
import { hostOf } from "@zcloud/map";
import { runPass } from "@zcloud/reconcile";
import { atExit, type Daemon, debian, eventually, golden, rootfsPath, startDaemon, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openControl } from "../unbound/control.ts";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { productionPlaces, renderUnbound } from "../unbound/render.ts";
import { createResolver } from "./daemon.ts";
import { desiredResolver } from "./index.ts";
import { makeNetwork, type Network } from "./namespaces.test-support.ts";
import type { ResolverPlaces } from "./places.ts";

const map = labMap();
const self = hostOf(map, "north/zpod1");
const addresses = { vm: self.address, znet: "10.64.1.2", world: "192.0.2.53" };
const front = "10.64.1.3";
const outside = "198.51.100.10";
const root = tempDir();
const at = (name: string) => join(root, name);
const places: ResolverPlaces = {
  ...{ unit: "zcloud-resolver", unitFile: at("unit"), enabled: at("pid"), config: at("resolver.conf") },
  ...{ hints: at("root.hints"), control: at("control"), resolvConf: at("resolv.conf") },
};
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const script = (file: string) => [process.execPath, "--import", "tsx", here(file)] as const;

let network: Network;
let world: Daemon;
let znet: Daemon;

async function startZnet(): Promise<void> {
  const own = {
    ...productionPlaces(map, "north"),
    names: at("names"),
    control: at("znet-control"),
    user: "",
    directory: root,
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

function resolver() {
  const alive = `test -e ${places.enabled} && test "$(cat /proc/$(cat ${places.enabled})/cmdline | wc -c)" -gt 0`;
  const server = network.inside("vm", ...debian("/usr/sbin/unbound", "-d", "-p", "-c", places.config)).join(" ");
  const start = `${alive} || { setsid ${server} >>${at("log")} 2>&1 & echo $! >${places.enabled}; }`;
  return createResolver({
    host: new LocalHost(),
    places,
    verbs: {
      check: (path) => debian("/usr/sbin/unbound-checkconf", path),
      start: ["sh", "-c", start],
      restart: ["sh", "-c", `kill "$(cat ${places.enabled})"; while ${alive}; do sleep 0.05; done; ${start}`],
      unitChanged: ["true"],
    },
  });
}

function endResolver(): void {
  if (existsSync(places.enabled))
    execFileSync("sh", ["-c", `kill "$(cat ${places.enabled})" || true`], { stdio: "ignore" });
}

async function pass(): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(30_000);
  const applied = await runPass(resolver(), desiredResolver(map, self, places), { read: signal, write: signal });
  return applied.map(({ kind }) => kind);
}

type Asked = readonly [sent: number, answered: number, outcome: string];

/** Asks in the background; see asker.test-support.ts. */
async function ask(seconds: number, period: number, domain: string): Promise<readonly Asked[]> {
  const words = [seconds, period, domain].map(String);
  const [program, ...args] = network.inside("vm", ...script("asker.test-support.ts"), ...words);
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Asked[];
}

/** Milliseconds of the longest time without an answer, and of the slowest answer. */
function gapOf(asked: readonly Asked[]): { readonly gap: number; readonly slowest: number } {
  const times = asked.map(([, answered]) => answered).sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return { gap: Math.max(...gaps), slowest: Math.max(...asked.map(([sent, answered]) => answered - sent)) };
}

const outcomes = (asked: readonly Asked[]) => [...new Set(asked.map(([, , outcome]) => outcome))].sort();
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  network = makeNetwork(addresses);
  const worldScript = [...script("world.test-support.ts"), addresses.world, outside, addresses.znet];
  world = await startDaemon(network.inside("world", ...worldScript), /ready/);
  await startZnet();
  atExit(endResolver);
});

afterAll(async () => {
  endResolver();
  await Promise.all([world.stop(), znet.stop()]);
  network.remove();
});

describe("a VM's resolver", () => {
  test("from nothing it runs, and then the VM asks it; the second time there is nothing to do", async () => {
    expect(await pass()).toEqual(["write-hints", "write-unit", "configure", "use-resolver"]);
    expect(await pass()).toEqual([]);
    expect(readFileSync(places.resolvConf, "utf8").match(/^nameserver .*$/gm)).toEqual(["nameserver 127.0.0.1"]);
  });

  test("names come from znet: public ones lead to the site's own front, the world's to the world", async () => {
    expect(outcomes(await ask(0.2, 50, "=hello.lab.example"))).toEqual([front]);
    expect(outcomes(await ask(0.2, 50, "anywhere.example"))).toEqual([outside]);
    expect(outcomes(await ask(0.2, 50, "=wiki.garden.north.zcloud.internal"))).toEqual(["10.64.1.99"]);
    expect(outcomes(await ask(0.2, 50, "=zfront.south.zcloud.internal"))).toEqual(["10.64.2.3"]);
  });

  test("znet falls silent and comes back: the gaps, names that nobody asked before", async () => {
    const asking = ask(14, 20, "hello.lab.example");
    await wait(2_500);
    const cut = Date.now();
    network.silence("znet");
    await wait(5_000);
    network.heal("znet");
    const healed = Date.now();
    const asked = await asking;
    const away = asked.filter(([, answered]) => answered > cut - 100 && answered < healed);
    const back = asked.filter(([, answered]) => answered >= healed);
    process.stdout.write(
      `silent: ${JSON.stringify(gapOf(away))}; back: ${JSON.stringify(gapOf(back))} ms, of ${asked.length}\n`,
    );
    expect(asked.filter(([, answered]) => answered === 0).length).toBe(0);
    expect(outcomes(asked)).toEqual([front, outside].sort());
    // What it had from znet before the cut is not asked for again, so only new names show it.
    expect(asked.at(0)?.[2]).toBe(front);
    expect(away.at(-1)?.[2]).toBe(outside);
    expect(asked.at(-1)?.[2]).toBe(front);
    // Ten times what was measured; without a way past znet these are the cut's 5 s.
    expect(gapOf(away).gap).toBeLessThan(4_000);
    expect(gapOf(back).gap).toBeLessThan(4_000);
  });

  test("while znet is silent, hosts have names, and what znet alone knows is asked nowhere else", async () => {
    network.silence("znet");
    const before = world.said().length;
    expect(outcomes(await ask(0.5, 50, "=zpod1.south.zcloud.internal"))).toEqual(["10.64.2.17"]);
    for (const name of ["wiki.garden.north.zcloud.internal", "nobody.south", "zpod9.north", "x.1.64.10.in-addr.arpa"])
      expect(outcomes(await ask(0.3, 50, name)), name).toEqual(["rcode 2"]);
    expect(outcomes(await ask(0.3, 50, "elsewhere.example"))).toEqual([outside]);
    const asked = world.said().slice(before);
    expect(asked).toContain("elsewhere.example");
    expect(asked).not.toMatch(/internal|south|north|in-addr/);
    network.heal("znet");
  });

  test("what znet itself waits for is not taken for its silence where its answers differ", async () => {
    await eventually("znet is asked", async () => (await ask(0.1, 50, "hello.lab.example"))[0]?.[2] === front);
    const slow = ask(4, 25, "slow.example");
    const ours = await ask(4, 25, "hello.lab.example");
    expect(outcomes(ours)).toEqual([front]);
    expect(outcomes(await slow)).toEqual([outside]);
  });

  test("znet's Unbound is gone, its host is there: no gap worth the name", async () => {
    await znet.stop("SIGKILL");
    const asked = await ask(1, 20, "hello.lab.example");
    expect(outcomes(asked)).toEqual([outside]);
    await startZnet();
    await eventually("znet is asked again", async () => (await ask(0.1, 50, "hello.lab.example"))[0]?.[2] === front);
  });

  test("what was changed by hand, or died, is put right", async () => {
    writeFileSync(places.resolvConf, "nameserver 192.0.2.53\n");
    expect(await pass()).toEqual(["use-resolver"]);
    execFileSync("sh", ["-c", `kill -9 "$(cat ${places.enabled})"`]);
    await eventually("it is gone", () =>
      openControl(places.control)
        .ask("status")
        .then(
          () => false,
          () => true,
        ),
    );
    expect(await pass()).toEqual(["start"]);
    writeFileSync(places.config, "server:\n");
    expect(await pass()).toEqual(["configure"]);
    expect(await pass()).toEqual([]);
  });
});

test.each(["lab", "public"])("unbound-checkconf accepts the golden configuration (%s)", async (kind) => {
  const wanted = kind === "lab" ? map : { ...map, dns: { ...map.dns, upstreams: ["1.1.1.1"] } };
  const { config, files, resolvConf } = desiredResolver(wanted, self);
  golden(new URL(`golden/${kind}.conf`, import.meta.url), config);
  if (kind === "lab") {
    golden(new URL("golden/resolv.conf", import.meta.url), resolvConf);
    for (const [path, { content }] of files)
      golden(new URL(`golden/${path.split("/").at(-1)}`, import.meta.url), content);
  }
  const hints = at(`${kind}.hints`);
  writeFileSync(hints, files.get("/etc/zcloud-resolver/root.hints")?.content ?? "");
  if (kind === "public") cpSync(`${rootfsPath}/usr/share/dns/root.hints`, hints);
  writeFileSync(at(`${kind}.conf`), config.replace(/root-hints: ".*"/, `root-hints: "${hints}"`));
  const [program, ...args] = debian("/usr/sbin/unbound-checkconf", at(`${kind}.conf`));
  expect(execFileSync(program, args, { encoding: "utf8" })).toContain("no errors");
});
