import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { allHosts, findHost, witnessOf, type ZMap } from "@zcloud/map";
import { imageBelow } from "@zcloud/testing";
import { killCgroup, listCgroups, removeCgroup } from "./cgroup.ts";
import { type Cut, CutError, cutRulesets } from "./cuts.ts";
import { run, succeeds } from "./exec.ts";
import { currentImage } from "./image.ts";
import { clientVia, operatorKey, unlinkCurrent, writeInstallation, writeKnownHosts } from "./installation.ts";
import { Internet } from "./internet.ts";
import { type Layout, unitName } from "./layout.ts";
import { containerFiles, limitsHere } from "./limits.ts";
import { Machine } from "./machine.ts";
import { createNetwork, inNetns, listNetns, netnsExists, removeNetwork } from "./netns.ts";
import { networkPlan, partOf } from "./network.ts";
import { provisionedFiles } from "./provision.ts";
import { labSshAuthority, sshIdentity } from "./ssh-identity.ts";

/** A word on the command line names no host or site of the lab. */
export class NoSuchHostError extends Error {
  readonly code = "LAB_NO_SUCH_HOST";
}

/** Two sites, a witness and their internet on this machine, derived from a map. */
export class Lab {
  readonly layout: Layout;
  readonly map: ZMap;
  readonly machines: readonly Machine[];

  constructor(layout: Layout, map: ZMap) {
    this.layout = layout;
    this.map = map;
    const witness = witnessOf(map);
    const hosts = [...allHosts(map), ...(witness === undefined ? [] : [witness])];
    this.machines = hosts.map((host) => new Machine(layout, host));
  }

  /** @throws NoSuchHostError */
  machine(id: string): Machine {
    const found = this.machines.find(({ host }) => host.id === id);
    if (found === undefined)
      throw new NoSuchHostError(`find ${id}: the lab has ${this.machines.map(({ host }) => host.id).join(", ")}`);
    return found;
  }

  /** The machines that go on and off together: a site's all, also by its zcloud's name, which carries the others. */
  powered(word: string): readonly Machine[] {
    const host = word === "witness" ? witnessOf(this.map) : findHost(this.map, word);
    const site = host === undefined ? word : host.role === "zcloud" ? host.site : undefined;
    if (site === undefined) return [this.machine(word)];
    const found = this.machines.filter((machine) => machine.host.site === site);
    if (found.length === 0) {
      const sites = this.map.sites.map(({ name }) => name).join(", ");
      throw new NoSuchHostError(
        `find ${word}: name a site (${sites}) or a host (${this.machines.map((m) => m.host.id).join(", ")})`,
      );
    }
    return found;
  }

  /** Starts the lab's internet and switches on whatever of these machines is off. Returns how many that were. */
  async powerOn(machines: readonly Machine[]): Promise<number> {
    const off: Machine[] = [];
    for (const machine of machines) if (!(await machine.running())) off.push(machine);
    const image = currentImage();
    await this.#network(off);
    await new Internet(this.layout, this.map).start();
    await this.#bundle();
    await writeInstallation(this.layout, this.map, `${image}/usr/bin/busybox`);
    const key = await operatorKey(this.layout);
    const debianTrust = await readFile(`${image}/etc/ssl/certs/ca-certificates.crt`, "utf8");
    const trust = await this.#trust();
    const limits = await limitsHere();
    const authority = await labSshAuthority(this.layout);
    await Promise.all(
      off.map(async (machine) => {
        await machine.mount(imageBelow(machine.host.role, image));
        await machine.provision(
          provisionedFiles({ map: this.map, host: machine.host, operatorKey: key, debianTrust, trust }),
        );
        await machine.provision(await containerFiles(machine.host, limits));
        await machine.provision(await sshIdentity(machine.paths.root, this.map, machine.host, authority));
        await machine.boot();
      }),
    );
    await writeKnownHosts(this.layout, this.map, authority.publicKey);
    return off.length;
  }

  /** Power cut. What was on disk stays. */
  async powerOff(machines: readonly Machine[]): Promise<number> {
    let count = 0;
    // All ends at once: VMs die with their hypervisor, not one after another.
    await Promise.all(
      machines.map(async (machine) => {
        if (await machine.running()) count++;
        await machine.powerOff();
      }),
    );
    return count;
  }

  async cuts(): Promise<readonly Cut[]> {
    const text = await readFile(this.layout.cutsFile, "utf8").catch(() => "[]");
    return JSON.parse(text) as Cut[];
  }

  /** Cuts a line, silently for both; nothing happens if it is cut already. */
  async cut(a: string, b: string): Promise<void> {
    cutRulesets(this.map, this.layout.lab, [[a, b]]);
    const others = (await this.cuts()).filter((cut) => !sameCut(cut, [a, b]));
    await this.#setCuts([...others, [a, b]]);
  }

  /** Mends one cut, or all. */
  async heal(one?: Cut): Promise<number> {
    const cuts = await this.cuts();
    const left = one === undefined ? [] : cuts.filter((cut) => !sameCut(cut, one));
    if (one !== undefined && left.length === cuts.length) throw new CutError(`heal ${one.join(" ")}: that is not cut`);
    await this.#setCuts(left);
    return cuts.length - left.length;
  }

  /** Command prefix of the client's place. */
  get via(): readonly string[] {
    return clientVia(this.layout);
  }

  async #setCuts(cuts: readonly Cut[]): Promise<void> {
    await writeFile(this.layout.cutsFile, `${JSON.stringify(cuts)}\n`);
    await this.#applyCuts();
  }

  async #applyCuts(): Promise<void> {
    for (const [netns, text] of cutRulesets(this.map, this.layout.lab, await this.cuts()))
      if (netnsExists(netns)) await run(inNetns(netns, "nft", "-f", "-"), { input: text });
  }

  /** Fresh namespaces for machines that are off (old nft rules would outlive the power cut), and what is missing. */
  async #network(off: readonly Machine[]): Promise<void> {
    const plan = networkPlan(this.map, this.layout.lab);
    // The internet's services start once the network stands: without them, an `up` may have been broken off before.
    const internet = new Internet(this.layout, this.map);
    const whole = await internet.running();
    if (!whole) await internet.stop();
    const running = new Set(this.machines.filter((machine) => !off.includes(machine)).map(({ unit }) => unit));
    const missing = plan.netns
      .map(({ name }) => name)
      .filter((name) => !netnsExists(name) || (!whole && !running.has(name)));
    const part = partOf(plan, new Set([...off.map(({ unit }) => unit), ...missing]));
    await removeNetwork(part);
    await createNetwork(part);
    await mkdir(clientEtc(this.layout), { recursive: true });
    await writeFile(`${clientEtc(this.layout)}/resolv.conf`, "nameserver 192.0.2.53\noptions timeout:1 attempts:2\n");
    await this.#applyCuts();
  }

  async #trust(): Promise<ReadonlyMap<string, string>> {
    const names = ["lab-internet.crt", "lab-issuance.crt"];
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, await readFile(`${this.layout.trust}/${name}`, "utf8")] as const),
      ),
    );
  }

  async #bundle(): Promise<void> {
    await writeFile(`${this.layout.trust}/bundle.crt`, [...(await this.#trust()).values()].join("\n"));
  }
}

/** Ends and removes all that a lab of this name has or had on this machine, whatever state a crash left it in. */
export async function tearDown(layout: Layout, options: { readonly keep: boolean }): Promise<void> {
  await closeConnections(layout);
  const units = await listCgroups(`zc-${layout.lab}-`);
  await Promise.all(units.map(killCgroup));
  for (const unit of units) await removeCgroup(unit);
  for (const mount of await mountsUnder(layout.directory)) await run(["umount", mount]);
  for (const netns of await listNetns(`zc-${layout.lab}-`)) {
    await endVisitors(netns);
    await run(["ip", "netns", "delete", netns]);
  }
  await rm(clientEtc(layout), { recursive: true, force: true });
  await rm(layout.sockets, { recursive: true, force: true });
  await rm(layout.cutsFile, { force: true });
  if (options.keep) return;
  await unlinkCurrent(layout);
  if (existsSync(layout.directory))
    await run(["rm", "-rf", "--one-file-system", layout.directory], { timeout: 300_000 });
}

/** Files that `ip netns exec` shows in place of /etc's (ip-netns(8)). */
function clientEtc(layout: Layout): string {
  return `/etc/netns/${unitName(layout.lab, "client")}`;
}

/**
 * Processes of this machine in a namespace of the lab: ends of SSH connections that others share, a forgotten curl.
 * They would keep the namespace alive without a name, and SSH believing in hosts that are gone.
 */
async function endVisitors(netns: string): Promise<void> {
  const pids = (await run(["ip", "netns", "pids", netns])).split("\n").filter((line) => line !== "");
  for (const pid of pids) await succeeds(["kill", "-KILL", pid]);
}

async function closeConnections(layout: Layout): Promise<void> {
  if (!existsSync(layout.sockets)) return;
  for (const socket of await readdir(layout.sockets))
    await succeeds(["ssh", "-O", "exit", "-S", `${layout.sockets}/${socket}`, "lab"]);
}

/** Deepest first. */
async function mountsUnder(directory: string): Promise<readonly string[]> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
  return mounts.filter((path) => path.startsWith(`${directory}/`)).reverse();
}

function sameCut([a, b]: Cut, [c, d]: Cut): boolean {
  return (a === c && b === d) || (a === d && b === c);
}
