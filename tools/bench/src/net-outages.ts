import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { type HostEntry, hostOf } from "@zcloud/map";
import { type Daemon, tempDir } from "@zcloud/testing";
import { journalSize, renderJournald } from "../../../libs/daemons/journald/render.ts";
import { testMap } from "../../../libs/daemons/nats/two-sites.test-support.ts";
import { makeNetwork, type Network } from "../../../libs/daemons/resolver/namespaces.test-support.ts";
import { type AgainOptions, lookAgain } from "../../../libs/daemons/rsyslog/again.ts";
import { sendersOf } from "../../../libs/daemons/rsyslog/render.ts";
import { type Bench, bench, type Journal, startJournal } from "../../../libs/daemons/rsyslog/rsyslog.test-support.ts";
import { type CrashDisk, crashDisk } from "./crash-disk.ts";
import { say, type Tally, tally } from "./log-lines.ts";
import { limited, type Row, shown } from "./results.ts";

/** Lines a second, over all VMs, all the time. */
const rate = 1_000;
/** Seconds without progress after which a line counts as lost; RELP waits 30 for an answer, and 15 to try again. */
const patience = 75;

const local = new LocalHost();

interface Vm {
  readonly host: HostEntry;
  readonly journal: Journal;
  sender: Daemon;
  /** What its service does every 10 s. */
  readonly look: () => Promise<unknown>;
}

interface Site {
  readonly vms: Vm[];
  readonly znet: Bench;
  readonly network: Network;
  readonly disk: CrashDisk;
  receiver: Daemon;
  /** New at every start of znet. */
  run: number;
}

interface Outcome {
  readonly accepted: number;
  readonly lost: number;
  readonly repeated: number;
  readonly late: number;
  readonly broken: number;
  /** Seconds from the end of the outage until all that was said before that end had arrived. */
  readonly caughtUp: number;
}

/**
 * Six VMs' journals and senders in a namespace, znet's receiver in another, all real: what of the lines that are said all
 * the time is missing in znet's files after znet was off, the link was cut, and znet's power was cut.
 * @param minutes that znet is off
 */
export async function outageRows(quick: boolean, minutes: number): Promise<readonly Row[]> {
  const site = await build();
  const rows: Row[] = [];
  const services = new AbortController();
  const looking = site.vms.map((vm) => lookOften(vm, services.signal));
  const measure = async (word: string, title: string, outage: () => Promise<void>) => {
    const outcome = await during(site, word, outage);
    const { accepted, lost, repeated, late, broken, caughtUp } = outcome;
    console.log(
      `  ${title}: ${lost} of ${accepted} lost, ${repeated} twice, ${late} behind a later one, ${broken} halves, ${caughtUp.toFixed(1)} s`,
    );
    rows.push(limited(`log lines lost: ${title}`, lost, 0));
    const about: [string, number][] = [
      ["said", accepted],
      ["stored more than once", repeated],
      ["behind a later one", late],
      ["half lines", broken],
      ["s until all of it had arrived", caughtUp],
    ];
    for (const [what, value] of about) rows.push(shown(`${title}: ${what}`, value));
  };
  try {
    await measure("off", `znet off for ${minutes} min`, async () => {
      await site.receiver.stop();
      await wait(minutes * 60);
      await start(site);
    });
    for (const seconds of quick ? [5, 40] : [10, 90])
      await measure(`cut${seconds}`, `link cut for ${seconds} s`, () => cut(site, () => wait(seconds)));
    const kills = quick ? 3 : 10;
    await measure("killed", `znet killed ${kills} times mid-write`, () => repeatedly(site, kills, 5));
    const cuts = quick ? 2 : 5;
    await measure("power", `znet's power cut ${cuts} times mid-write, its page cache lost`, () =>
      repeatedly(site, cuts, 50, () => site.disk.cut()),
    );
  } finally {
    services.abort();
    await Promise.all(looking);
    for (const { sender, journal } of site.vms) {
      await sender.stop("SIGKILL");
      await journal.daemon.stop("SIGKILL");
    }
    await site.receiver.stop("SIGKILL");
    await site.disk.remove();
    site.network.remove();
  }
  return rows;
}

async function build(): Promise<Site> {
  const [root, map] = [tempDir(), testMap()];
  const disk = await crashDisk(root);
  const network = makeNetwork({ vms: "10.64.1.40", znet: hostOf(map, "north/znet").address });
  const elsewhere = {
    ...{ address: hostOf(map, "north/znet").address, store: disk.path },
    inside: network.inside("znet", ...disk.inside),
  };
  const znet = await bench(root, map, elsewhere);
  const receiver = await znet.receive();
  const site: Site = { vms: [], znet, network, disk, receiver, run: 1 };
  for (const host of sendersOf(map, "north")) {
    const own = join(root, `vm-${host.name}`);
    for (const directory of [own, join(own, "tx")]) mkdirSync(directory);
    const journal = await startJournal(own, renderJournald(journalSize(20 * 2 ** 30), false));
    const config = znet.senderConfigOf(host, join(own, "tx"));
    const send = () => journal.send(config, network.inside("vms"));
    const vm: Vm = { host, journal, sender: await send(), look: () => lookAgain(options) };
    const options: AgainOptions = {
      ...{ host: local, now: Date.now, cursor: join(own, "tx", "journal.cursor") },
      ...{ kept: join(own, "log-sent.json"), backTo: join(own, "back-to") },
      server: () => String(site.run),
      async restart() {
        await vm.sender.stop();
        vm.sender = await send();
      },
    };
    site.vms.push(vm);
  }
  return site;
}

/** Lines before, during and after an outage, each host's counted. */
async function during(site: Site, word: string, outage: () => Promise<void>): Promise<Outcome> {
  const hosts = site.vms.map(({ host, journal }) => ({
    journal,
    talk: say(journal, word, rate / site.vms.length),
    stored: tally(join(site.disk.seen, host.name), word),
  }));
  await wait(3);
  await outage();
  const [back, due] = [performance.now(), hosts.map(({ talk }) => talk.said())];
  for (const { stored } of hosts) stored.forget();
  await arrival(hosts.map(({ stored }, index) => ({ stored, due: due[index] ?? 0 })));
  const caughtUp = (performance.now() - back) / 1_000;
  await wait(3);
  const said = await Promise.all(hosts.map(({ talk }) => talk.end()));
  await arrival(hosts.map(({ stored }, index) => ({ stored, due: said[index] ?? 0 })));
  const sums = { accepted: 0, lost: 0, repeated: 0, late: 0, broken: 0 };
  for (const { journal, stored } of hosts) {
    const accepted = acceptedBy(journal, word);
    const counts = stored.counts();
    sums.accepted += accepted.length;
    sums.lost += accepted.filter((line) => !stored.has(line)).length;
    for (const name of ["repeated", "late", "broken"] as const) sums[name] += counts[name];
  }
  const all = said.reduce((sum, some) => sum + some, 0);
  if (sums.accepted !== all) throw new Error(`the journals have ${sums.accepted} of the ${all} lines that were said`);
  return { ...sums, caughtUp };
}

/** Waits until all due lines are there, or nothing of them has come for long. */
async function arrival(hosts: readonly { readonly stored: Tally; readonly due: number }[]): Promise<void> {
  let [before, moved] = [-1, performance.now()];
  while (performance.now() - moved < patience * 1_000) {
    for (const { stored } of hosts) stored.read();
    if (hosts.every(({ stored, due }) => stored.whole() >= due)) return;
    const there = hosts.reduce((sum, { stored }) => sum + stored.whole(), 0);
    if (there !== before) [before, moved] = [there, performance.now()];
    await wait(0.2);
  }
}

/** The numbers of this word's lines that a VM's journal has. */
function acceptedBy({ inside, bin }: Journal, word: string): readonly number[] {
  const journalctl = (...args: readonly string[]): string => {
    const [program = "", ...before] = [...inside, join(bin, "journalctl")];
    return execFileSync(program, [...before, "--quiet", ...args], { encoding: "utf8", maxBuffer: 2 ** 30 });
  };
  journalctl("--sync");
  const lines = journalctl("--output=cat", `--identifier=${word}`).split("\n");
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.split(" ")[1]));
}

/** From now on nobody hears of the other; nobody is told, either. */
async function cut({ network }: Site, meanwhile: () => Promise<unknown>): Promise<void> {
  for (const end of ["znet", "vms"]) network.silence(end);
  await meanwhile();
  for (const end of ["znet", "vms"]) network.heal(end);
}

/** Ends znet's receiver without a word, time and again: a machine that has no power answers nothing. */
async function repeatedly(site: Site, times: number, seconds: number, meanwhile = () => {}): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    await wait(seconds * (0.5 + Math.random() / 2));
    await cut(site, async () => {
      await site.receiver.stop("SIGKILL");
      meanwhile();
      await wait(1);
    });
    await start(site);
  }
}

async function start(site: Site): Promise<void> {
  site.receiver = await site.znet.receive();
  site.run += 1;
}

async function lookOften({ look }: Vm, signal: AbortSignal): Promise<void> {
  for (let tick = 0; !signal.aborted; tick += 1) {
    if (tick % 20 === 0) await look();
    await wait(0.5);
  }
}

const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
