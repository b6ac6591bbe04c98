import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  type CephLab,
  type CephWriter,
  cephLab,
  type LabHandle,
  longestStall,
  startLab,
  useLab,
} from "@zcloud/testing";
import { limited, median, type Row, report, shown } from "./results.ts";

const map = fileURLToPath(new URL("../../../deploy/maps/lab-ceph.yaml", import.meta.url));
/** Seconds in which everything must be back after a cut. */
const patience = 180;
/** Seconds of writing before a cut, and after the stall. */
const calm = 5;

/** Ceph over two sites, the smallest set, in a lab of its own. */
export async function store(quick: boolean): Promise<void> {
  const name = `store${process.pid}`;
  console.log(" bring-up");
  const founded = untilHealthy(name);
  const lab = await startLab(name, { map });
  const rows: Row[] = [];
  try {
    const started = await firstStart(lab);
    rows.push(
      limited("nothing to a healthy two-site cluster, smallest set, s", ((await founded) - started) / 1_000, 60),
    );
    rows.push(...(await memory(lab)));
    const ceph = cephLab(lab);
    rows.push(...(await stalls(lab, ceph, quick ? 1 : 3)));
  } finally {
    await lab.down();
  }
  report("store", rows, quick ? "no" : "whole");
}

/** When all was there, up and clean (milliseconds since the epoch), while the lab is still being made. */
async function untilHealthy(name: string): Promise<number> {
  for (const until = Date.now() + 600_000; Date.now() < until; await sleep(2_000)) {
    const lab = await useLab(name).catch(() => undefined);
    if (lab === undefined) continue;
    const healthy = await cephLab(lab)
      .healthy(0)
      .then(
        () => true,
        () => false,
      );
    if (healthy) return Date.now();
  }
  throw new Error(`the cluster of lab ${name} is not whole after 10 minutes`);
}

/** When zstore's service said its first word, at whichever site it was first: milliseconds since the epoch. */
async function firstStart(lab: LabHandle): Promise<number> {
  const first = "journalctl --quiet --unit=zcloud-zstore --output=short-unix | head -n 1";
  const said = await Promise.all(lab.map.sites.map(({ name }) => lab.sh(`${name}/zstore`, ["sh", "-c", first])));
  return Math.min(...said.map(({ stdout }) => Number.parseFloat(stdout) * 1_000));
}

/** Of what zstores run for the cluster: Ceph's daemons and our service. */
async function memory(lab: LabHandle): Promise<readonly Row[]> {
  const script = `for unit in $(systemctl list-units --plain --no-legend 'ceph-*@*.service' zcloud-zstore.service | cut -d' ' -f1); do
  pid=$(systemctl show --property=MainPID --value $unit); echo "$unit $(awk '/^VmRSS/ { print $2 }' /proc/$pid/status)"
done`;
  const units = new Map<string, number>();
  for (const { name } of lab.map.sites) {
    const { stdout } = await lab.sh(`${name}/zstore`, ["sh", "-c", script]);
    for (const line of stdout.trim().split("\n")) {
      const [unit = "", kilobytes] = line.split(" ");
      units.set(`${name} ${unit}`, Number(kilobytes) * 1_024);
    }
  }
  for (const [unit, bytes] of units) console.log(`  ${unit} ${Math.round(bytes / 1e6)} MB`);
  const all = [...units.values()].reduce((sum, bytes) => sum + bytes, 0);
  return [limited("memory of both sites' zstores, smallest set, our services included, GB resident", all / 1e9, 1.2)];
}

interface Cut {
  readonly what: string;
  readonly target: number;
  /** Which site goes on, of the one with the active MDS and the other; undefined: either. */
  readonly survivor: "mds" | "other" | undefined;
  readonly parties: (lost: string, survivor: string) => readonly [string, string];
}

const cuts: readonly Cut[] = [
  {
    what: "the other site is cut off, the active MDS is here",
    target: 15,
    survivor: "mds",
    parties: (lost) => [lost, "internet"],
  },
  {
    what: "the other site is cut off, with the active MDS",
    target: 30,
    survivor: "other",
    parties: (lost) => [lost, "internet"],
  },
  {
    what: "the sites are cut from each other, both see the witness",
    target: 25,
    survivor: undefined,
    parties: (lost, survivor) => [lost, survivor],
  },
];

async function stalls(lab: LabHandle, ceph: CephLab, rounds: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const sums = { acknowledged: 0, lost: 0 };
  for (const cut of cuts) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const seen = await one(lab, ceph, cut, `cut${cuts.indexOf(cut)}${round}`);
      times.push(seen.stall);
      sums.acknowledged += seen.acknowledged;
      sums.lost += seen.lost;
      console.log(`  ${cut.what}: ${seen.said}; lost ${seen.lost} of ${seen.acknowledged}`);
    }
    const measure = `longest write stall when ${cut.what}, s`;
    rows.push(limited(`${measure}, worst of ${rounds}`, Math.max(...times), cut.target));
    rows.push(shown(`${measure}, median`, median(times)));
  }
  rows.push(limited(`files lost of ${sums.acknowledged} acknowledged over these cuts`, sums.lost, 0));
  return rows;
}

/** One cut, from healthy to healthy. Writers at both sites; all that either acknowledged is read back by new clients. */
async function one(lab: LabHandle, ceph: CephLab, cut: Cut, name: string) {
  await ceph.healthy(patience);
  const mds = await ceph.activeMds();
  const sites = lab.map.sites.map((site) => site.name);
  const survivor = cut.survivor === "other" ? (sites.find((site) => site !== mds) ?? "") : mds;
  const other = sites.find((site) => site !== survivor) ?? "";
  const writers = new Map<string, CephWriter>();
  for (const site of sites) {
    await ceph.mountAnew(site);
    writers.set(site, await ceph.write(site, `${name}-${site}`));
  }
  await sleep(calm * 1_000);
  const [at, [a, b]] = [Date.now(), cut.parties(other, survivor)];
  await lab.cut(a, b);
  const goesOn = await firstToGoOn(cut.survivor === undefined ? sites : [survivor], writers, at);
  await sleep(calm * 1_000);
  await lab.heal();
  await ceph.healthy(patience);
  const result = { stall: Number.NaN, said: "", acknowledged: 0, lost: 0 };
  // One that was cut off for too long is not let in again: its client is gone, and its writer with it.
  for (const site of sites) await ceph.mountAnew(site);
  for (const [site, writer] of writers) {
    const done = await writer.end();
    if (site === goesOn) result.stall = longestStall(done.filter((file) => file.at > at - 2_000));
    result.acknowledged += done.length;
    result.lost += (await ceph.lost(site === survivor ? other : survivor, writer, done)).length;
  }
  result.said = `${goesOn} went on after ${result.stall.toFixed(1)} s, MDS at ${mds}`;
  return result;
}

/** The site whose writer has something acknowledged that was begun well after the cut, before any other's. */
async function firstToGoOn(
  sites: readonly string[],
  writers: ReadonlyMap<string, CephWriter>,
  at: number,
): Promise<string> {
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(500)) {
    for (const site of sites) {
      const last = (await writers.get(site)?.acknowledged())?.at(-1)?.at ?? 0;
      // Until a cut is noticed, files go on for a moment.
      if (last > at + 8_000) return site;
    }
  }
  throw new Error("no site went on writing within 2 minutes");
}
