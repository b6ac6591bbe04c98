import { execFile, execFileSync, spawn } from "node:child_process";
import { promisify } from "node:util";
import { hostOf } from "@zcloud/map";
import { runPass } from "@zcloud/reconcile";
import { atExit, debian, eventually } from "@zcloud/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { oneSite, twoSites } from "../nftables/sample.testing.ts";
import { makeNetwork, type Network } from "../resolver/namespaces.test-support.ts";
import { createFirewall, desiredFirewall, firewallPlaces } from "./index.ts";
import type { FirewallDesired } from "./plan.ts";
import { VmHost } from "./vm-host.test-support.ts";

const nft = debian("/usr/sbin/nft");
const places = firewallPlaces("/state");
const self = hostOf(twoSites, "north/zpod1");
const desired = desiredFirewall(twoSites, self, places);
const hosts = { pod: self.address, front: "10.64.1.3", znet: "10.64.1.2", zcloud: "10.64.1.1", outside: "192.0.2.99" };
/** Of the containers' networks: two of the host's bridges, each with one container. */
const containers = { one: "10.89.0.2", two: "10.89.1.2" };

let network: Network;
let host: VmHost;
const ends: (() => void)[] = [];

function inside(name: string, ...argv: readonly string[]): string {
  const [program, ...args] = network.inside(name, ...argv);
  return execFileSync(program, args, { encoding: "utf8", stdio: "pipe" });
}
const netnsOf = (name: string): string => network.inside(name)[3] ?? "";
const nftIn = (name: string, ...words: readonly string[]) => inside(name, ...nft, ...words);

/** Bridges, containers behind them and DNAT to one of them, as netavark makes them; its rules let everything pass. */
function addContainers(): void {
  const pod = netnsOf("pod");
  inside("pod", "sysctl", "-qw", "net.ipv4.ip_forward=1");
  for (const [index, [name, address]] of Object.entries(containers).entries()) {
    const [bridge, netns] = [`podman${index + 1}`, `${pod}-${name}`];
    const gateway = address.replace(/\d+$/, "1");
    execFileSync("ip", ["netns", "add", netns]);
    ends.push(() => execFileSync("ip", ["netns", "delete", netns]));
    execFileSync("ip", ["-n", pod, "-batch", "-"], {
      input: `link add ${bridge} type bridge
address add ${gateway}/24 dev ${bridge}
link set ${bridge} up
link add veth-${name} type veth peer name eth0 netns ${netns}
link set veth-${name} master ${bridge}
link set veth-${name} up
`,
    });
    execFileSync("ip", ["-n", netns, "-batch", "-"], {
      input: `link set lo up
address add ${address}/24 dev eth0
link set eth0 up
route add default via ${gateway}
`,
    });
  }
  execFileSync("ip", ["netns", "exec", pod, ...nft, "-f", "-"], {
    input: `table inet netavark {
  chain nv_dnat { type nat hook prerouting priority dstnat; ip daddr ${self.address} tcp dport 40001 dnat ip to ${containers.one}:8080; }
  chain nv_masq { type nat hook postrouting priority srcnat; ip saddr 10.89.0.0/16 ip daddr != 10.89.0.0/16 masquerade; }
  chain nv_forward { type filter hook forward priority filter; accept; }
}
`,
  });
}

/** Answers "hello" at a port of every address of a place. */
async function serve(netns: string, port: number): Promise<void> {
  const script = `require("net").createServer((s) => { s.on("error", () => {}); s.write("hello"); s.pipe(s); }).listen(${port}, "0.0.0.0", () => console.log("ready"))`;
  const child = spawn("ip", ["netns", "exec", netns, process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  ends.push(
    atExit(() => void child.kill("SIGKILL")),
    () => void child.kill("SIGKILL"),
  );
  await new Promise((resolve) => child.stdout.once("data", resolve));
}

/** `hello`, or how it failed: `refused` by word, `silence`. */
async function call(netns: string, address: string, port: number): Promise<string> {
  const script = `const s = require("net").connect(${port}, "${address}"); const say = (t) => { console.log(t); process.exit(); };
s.on("data", (d) => say(String(d))); s.on("error", () => say("refused")); setTimeout(() => say("silence"), 1000);`;
  const { stdout } = await promisify(execFile)("ip", ["netns", "exec", netns, process.execPath, "-e", script]);
  return stdout.trim();
}
const from = (name: string, address: string, port: number) => call(netnsOf(name), address, port);
const fromContainer = (name: keyof typeof containers, address: string, port: number) =>
  call(`${netnsOf("pod")}-${name}`, address, port);

async function pass(wanted: FirewallDesired = desired, reach?: () => Promise<boolean>): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(30_000);
  const firewall = createFirewall({ host, places, ...(reach === undefined ? {} : { reach }) });
  const applied = await runPass(firewall, wanted, { read: signal, write: signal });
  return applied.map(({ kind, summary }) => (kind === "load" ? summary : kind));
}

beforeAll(async () => {
  network = makeNetwork(hosts);
  addContainers();
  await Promise.all([serve(netnsOf("pod"), 22), serve(netnsOf("pod"), 9550), serve(netnsOf("pod"), 8099)]);
  await Promise.all([serve(netnsOf("front"), 443), serve(netnsOf("front"), 9546), serve(netnsOf("znet"), 4222)]);
  await Promise.all([
    serve(netnsOf("outside"), 443),
    serve(`${netnsOf("pod")}-one`, 8080),
    serve(`${netnsOf("pod")}-two`, 8080),
  ]);
});

afterAll(() => {
  for (const end of ends.reverse()) end();
  network.remove();
});

beforeEach(() => {
  host = new VmHost(netnsOf("pod"), places.enabled);
});

afterEach(() => void inside("pod", "sh", "-c", `${nft.join(" ")} delete table inet zcloud_vm 2>&1 || true`));

test.each([
  ...["znet", "zfront", "zstore", "zpod1", "zpod2", "zmah1"].map((name) => [`north/${name}`, twoSites] as const),
  ...["znet", "zfront", "zstore", "zpod1", "zmah1"].map((name) => [`only/${name}`, oneSite] as const),
])("nft of Debian 13 accepts the rules of %s", async (name, map) => {
  const { rules } = desiredFirewall(map, hostOf(map, name), places);
  expect(await host.run(["nft", "--check", "--file", "-"], { input: rules })).toMatchObject({ status: 0, stderr: "" });
});

describe("a VM's firewall", () => {
  test("without it everything passes that is to be refused", async () => {
    expect(await from("outside", self.address, 22)).toBe("hello");
    expect(await from("pod", hosts.front, 9546)).toBe("hello");
    expect(await from("outside", self.address, 40_001)).toBe("hello");
    expect(await fromContainer("one", containers.two, 8080)).toBe("hello");
    expect(await fromContainer("one", hosts.znet, 4222)).toBe("hello");
    expect(await fromContainer("one", self.address, 22)).toBe("hello");
  });

  test("from nothing it stands, and is loaded at boot; the second time there is nothing to do", async () => {
    expect(await pass()).toEqual(["configure", "write-unit", "enable"]);
    expect(await pass()).toEqual([]);
    expect(host.systemd).toEqual(["daemon-reload", "enable --now --quiet zcloud-firewall.service"]);
    expect(await host.read(places.rules)).toBe(desired.rules);
  });

  test("what the table says comes in, the rest does not", async () => {
    await pass();
    expect(await from("zcloud", self.address, 22)).toBe("hello");
    expect(await from("znet", self.address, 9550)).toBe("hello");
    for (const [who, port] of [
      ["front", 22],
      ["outside", 22],
      ["front", 9550],
      ["znet", 8099],
      ["zcloud", 8099],
    ] as const)
      expect(await from(who, self.address, port), `${who} to ${port}`).toBe("silence");
    expect(nftIn("pod", "list", "counter", "inet", "zcloud_vm", "refused-arriving")).toMatch(/packets [1-9]/);
  });

  test("what the table says goes out, the rest is refused at once", async () => {
    await pass();
    expect(await from("pod", hosts.front, 443)).toBe("hello");
    expect(await from("pod", hosts.znet, 4222)).toBe("hello");
    expect(await from("pod", hosts.outside, 443)).toBe("hello");
    expect(await from("pod", hosts.front, 9546)).toBe("refused");
  });

  test("published containers: their front comes in, nobody else, and nobody past the published port", async () => {
    await pass();
    expect(await from("front", self.address, 40_001)).toBe("hello");
    expect(await from("znet", self.address, 40_001)).toBe("silence");
    expect(await from("outside", self.address, 40_001)).toBe("silence");
    inside("front", "ip", "route", "add", "10.89.0.0/16", "via", "169.254.0.1");
    execFileSync("ip", [
      "-n",
      netnsOf("pod").replace(/-pod$/, "-router"),
      "route",
      "add",
      "10.89.0.0/16",
      "via",
      self.address,
      "dev",
      "pod",
      "onlink",
    ]);
    expect(await from("front", containers.one, 8080)).toBe("silence");
  });

  test("containers reach the front and the internet; not each other's networks, their host, or what the site keeps for hosts", async () => {
    await pass();
    expect(await fromContainer("one", hosts.front, 443)).toBe("hello");
    expect(await fromContainer("one", hosts.outside, 443)).toBe("hello");
    expect(await fromContainer("one", containers.two, 8080)).toBe("refused");
    expect(await fromContainer("two", self.address, 40_001)).toBe("refused");
    expect(await fromContainer("one", hosts.znet, 4222)).toBe("refused");
    expect(await fromContainer("one", self.address, 22)).toBe("silence");
    expect(await fromContainer("one", "10.89.0.1", 9550)).toBe("silence");
    expect(await from("pod", containers.one, 8080)).toBe("hello");
  });

  test("containers ask the resolver at their own network's gateway", async () => {
    await pass();
    const serving = ends.length;
    await serve(netnsOf("pod"), 53);
    expect(await fromContainer("one", "10.89.0.1", 53)).toBe("hello");
    expect(await fromContainer("one", "10.89.1.1", 53)).toBe("silence");
    expect(await from("front", self.address, 53)).toBe("silence");
    for (const end of ends.splice(serving)) end();
  });

  test.each([
    ["the table", ["delete", "table", "inet", "zcloud_vm"], "load: no firewall is in force"],
    ["a rule", ["insert", "rule", "inet", "zcloud_vm", "input", "accept"], "load again: it was changed by hand"],
    ["a chain", ["flush", "chain", "inet", "zcloud_vm", "output"], "load again: it was changed by hand"],
  ])("%s changed by hand is put right within a pass; others' tables are left alone", async (_what, words, summary) => {
    await pass();
    nftIn("pod", ...words);
    expect(await pass()).toEqual([summary]);
    expect(await pass()).toEqual([]);
    expect(await from("outside", self.address, 22)).toBe("silence");
    expect(nftIn("pod", "list", "tables")).toContain("table inet netavark");
  });

  test("connections live on through a change of rules", async () => {
    await pass();
    const script = `const s = require("net").connect(40001, "${self.address}"); let n = 0;
s.on("data", () => { n += 1; console.log("said " + n); }); process.stdin.on("data", () => s.write("x"));`;
    const [program, ...args] = network.inside("front", process.execPath, "-e", script);
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await eventually("connected", () => said.includes("said 1"));
    const closed = desiredFirewall({ ...twoSites, tcp: [] }, self, places);
    expect(await pass(closed)).toEqual(["configure"]);
    child.stdin.write("x");
    await eventually("still connected", () => said.includes("said 2"));
    child.kill("SIGKILL");
  });

  test("rules that nft refuses change nothing", async () => {
    await pass();
    const before = nftIn("pod", "--stateless", "list", "table", "inet", "zcloud_vm");
    const broken = { ...desired, rules: desired.rules.replace("policy drop", "policy maybe") };
    await expect(pass(broken)).rejects.toThrow(/rules\.nft: the daemon's check refused it, nothing was changed/);
    expect(nftIn("pod", "--stateless", "list", "table", "inet", "zcloud_vm")).toBe(before);
    expect(await pass()).toEqual([]);
  });

  test("rules that would lock operators out are taken back", async () => {
    await pass();
    const locking = { ...desired, rules: desired.rules.replace(/^.*tcp dport 22 .*\n/gm, "") };
    await expect(pass(locking)).rejects.toThrow(
      /operators could not come in by SSH.*the last good text is in force again/,
    );
    expect(await from("zcloud", self.address, 22)).toBe("hello");
    expect(await host.read(places.rules)).toBe(desired.rules);
  });

  test("rules that cut the bus off are taken back; where there were none before, none stay", async () => {
    let asked = 0;
    const answersOnce = () => Promise.resolve(asked++ === 0);
    await expect(pass(desired, answersOnce)).rejects.toThrow(/10\.64\.1\.2:4222 was cut off/);
    expect(nftIn("pod", "list", "tables")).not.toContain("zcloud_vm");
    expect(await host.read(places.rules)).toBeUndefined();
    const silent = () => Promise.resolve(false);
    expect(await pass(desired, silent)).toEqual(["configure", "write-unit", "enable"]);
  });
});
