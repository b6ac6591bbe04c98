import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { HostEntry } from "@zcloud/map";
import { type Daemon, tempDir } from "@zcloud/testing";
import { testMap } from "../../../libs/daemons/nats/two-sites.test-support.ts";
import { sendersOf } from "../../../libs/daemons/rsyslog/render.ts";
import { type Bench, bench, type Journal, startJournal } from "../../../libs/daemons/rsyslog/rsyslog.test-support.ts";
import { say, tally } from "./log-lines.ts";
import { limited, type Row, shown } from "./results.ts";

/** Lines a second that are said, over all VMs. */
const offered = 12_000;

interface Vm {
  readonly host: HostEntry;
  readonly journal: Journal;
  readonly sender: Daemon;
}

/**
 * Six VMs' journals, senders and one receiver, all real, on loopback: lines a second that reach znet's files, and whether all of them do,
 * also while the receiver is killed again and again.
 */
export async function logRows(quick: boolean): Promise<readonly Row[]> {
  const root = tempDir();
  const map = testMap();
  const site = await bench(root, map);
  let receiver = await site.receive();
  const vms: Vm[] = [];
  try {
    for (const host of sendersOf(map, "north")) {
      const own = join(root, `vm-${host.name}`);
      for (const directory of [own, join(own, "tx")]) mkdirSync(directory);
      const journal = await startJournal(own);
      vms.push({ host, journal, sender: await journal.send(site.senderConfigOf(host, join(own, "tx"))) });
    }
    const seconds = quick ? 5 : 60;
    const flood = await flow(site, vms, "flood", seconds, offered);
    console.log(
      `  ${flood.said} lines in ${seconds} s from ${vms.length} VMs: ${Math.round(flood.rate)} a second, ${flood.lost} lost`,
    );
    const kills = quick ? 1 : 5;
    const killed = flow(site, vms, "killed", kills * 4, 2_000);
    for (let round = 0; round < kills; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await receiver.stop("SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      receiver = await site.receive();
    }
    const through = await killed;
    console.log(`  ${through.said} lines while the receiver was killed ${kills} times: ${through.lost} lost`);
    return [
      {
        ...{
          measure: `log lines/s from ${vms.length} VMs to znet's files over ${seconds} s (${offered} said)`,
          ours: flood.rate,
        },
        ...{ peer: null, ratio: flood.rate / 10_000, target: ">= 10000", holds: flood.rate >= 10_000 },
      },
      limited(`lines lost of those ${flood.said}`, flood.lost, 0),
      limited(`lines lost while the receiver is killed ${kills} times mid-write, of ${through.said}`, through.lost, 0),
      shown("s from the last line said to the last line stored", flood.late),
    ];
  } finally {
    for (const { sender, journal } of vms) {
      await sender.stop("SIGKILL");
      await journal.daemon.stop("SIGKILL");
    }
    await receiver.stop("SIGKILL");
  }
}

/** Says so many lines a second in all, evenly, and waits until nothing more arrives. */
async function flow(site: Bench, vms: readonly Vm[], word: string, seconds: number, rate: number) {
  const each = Math.round((rate * seconds) / vms.length);
  const start = performance.now();
  await Promise.all(vms.map(({ journal }) => say(journal, word, each / seconds, each).over));
  const told = performance.now();
  let [last, size] = [performance.now(), -1];
  // What waits for an acknowledgement is sent again after some seconds.
  while (performance.now() - last < 20_000) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = sizeOf(site.store);
    if (now !== size) [last, size] = [performance.now(), now];
  }
  let lost = 0;
  for (const { host } of vms) {
    const stored = tally(join(site.store, host.name), word);
    stored.read();
    lost += each - stored.counts().distinct;
  }
  const said = each * vms.length;
  return { said, lost, rate: (said - lost) / ((last - start) / 1_000), late: (last - told) / 1_000 };
}

function sizeOf(store: string): number {
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
