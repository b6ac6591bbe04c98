import type { CephReport } from "./cluster.ts";
import type { HealthCode, Urgency } from "./health/code.ts";
import { type CephCheck, type JudgedCheck, judgeChecks } from "./health.ts";
import type { DiskObserved } from "./plan-disks.ts";
import { stallInWords, type WriteState, worthTelling } from "./write-probe.ts";

interface Problem {
  readonly what: string;
  readonly remedy: string;
}

export interface StorageView {
  /** Whether this host was given the cluster's secrets. */
  readonly secrets: boolean;
  readonly report: CephReport | undefined;
  readonly disks: readonly DiskObserved[];
  readonly site: string;
  readonly writes: WriteState;
  readonly copies: number;
  /** Name of the witness's monitor, if the map has one. */
  readonly witness: string | undefined;
}

/** What is wrong with storage, as this host sees it, worst first. */
export function storageProblems({
  secrets,
  report,
  disks,
  site,
  writes,
  copies,
  witness,
}: StorageView): readonly Problem[] {
  if (!secrets) return [{ what: "this host has no key of the cluster", remedy: "zctl pki" }];
  if (copies !== 2) return sizeProblems;
  return [
    ...quorumProblems(report),
    ...writeProblems(site, writes),
    ...witnessProblems(witness, report),
    ...disks.flatMap(diskProblems),
    ...healthProblems(report),
    ...silentDisks(report),
  ];
}

function quorumProblems(report: CephReport | undefined): readonly Problem[] {
  if (report !== undefined) return [];
  const what = "Ceph's monitors do not answer: no volume can be read or written from here, or there is no cluster yet";
  return [
    { what, remedy: "two of the three places are needed; zctl status: which of the zstores and the witness are up?" },
  ];
}

function writeProblems(site: string, writes: WriteState): readonly Problem[] {
  if (writes.stalled < worthTelling) return [];
  return [
    {
      what: `now: ${stallInWords(site, writes)}: whoever writes to a volume there waits`,
      remedy: "after a lost site this ends by itself within a minute; else docs/operations.md#cephwritesstall",
    },
  ];
}

/** One that was in the cluster and is gone is told by Ceph itself. */
function witnessProblems(witness: string | undefined, report: CephReport | undefined): readonly Problem[] {
  if (witness === undefined || report === undefined || report.monitors.includes(witness)) return [];
  const what = "the witness's monitor is not in the cluster: neither site goes on when the other is lost";
  return [{ what, remedy: "zctl plan says what it lacks, zctl apply sets it up" }];
}

function diskProblems({ disk, content }: DiskObserved): readonly Problem[] {
  if (content.kind === "missing" && disk.size === undefined)
    return [
      { what: `${disk.path} is not there`, remedy: "is the disk of the map in the machine, and given to this VM?" },
    ];
  if (content.kind !== "foreign") return [];
  return [
    {
      what: `${disk.path} holds ${content.what}, so it is not touched`,
      remedy: `if nobody needs it: wipefs --all ${disk.path} && dd if=/dev/zero of=${disk.path} bs=1M count=1 conv=notrunc; otherwise take it out of the map`,
    },
  ];
}

/** How an urgency begins a line of `zctl status`. */
const grades: Readonly<Record<Urgency, string>> = { now: "now", soon: "soon", know: "to know" };

function healthProblems(report: CephReport | undefined): readonly Problem[] {
  const checks = judgeChecks(report?.checks ?? []);
  const others = new Map(checks.map(({ check }) => [check.code, disksIn(check)]));
  const isTold = ({ check, meaning }: JudgedCheck) =>
    meaning?.toldBy?.some((code) => others.has(code) && others.get(code) === disksIn(check)) === true;
  return checks
    .filter((one) => !isTold(one))
    .map(({ check, urgency, meaning }) => {
      const { code, message } = check;
      if (meaning === undefined)
        return { what: `Ceph: ${message}`, remedy: `ceph health detail, on a zstore (${code})` };
      const words = wordsOf(check, meaning);
      return {
        what: `${grades[urgency]}: ${meaning.means}${words === "" ? "" : ` [${words}]`}`,
        remedy: `${meaning.remedy.replaceAll("`", "")} (${code})`,
      };
    });
}

/** `1 datacenter (2 osds) down` -> 2 */
function disksIn({ message }: CephCheck): string | undefined {
  return /(\d+) osds\b/.exec(message)?.[1];
}

/** Once a lost disk's copies are made anew elsewhere Ceph says no more of it (OSDMap::check_health counts what is `in`). */
function silentDisks(report: CephReport | undefined): readonly Problem[] {
  if (report === undefined || report.checks.some(({ code }) => code === "OSD_DOWN")) return [];
  const { up, all } = report.osds;
  if (up >= all) return [];
  return [
    {
      what: `soon: ${all - up} of Ceph's ${all} disks ${all - up === 1 ? "is" : "are"} not in service, and no data waits for it: there is less room`,
      remedy: "on a zstore: ceph osd tree says which; docs/operations.md#a-disk-of-ceph-is-broken",
    },
  ];
}

/** Ceph's own words, where they have a number or a name. */
function wordsOf({ message, detail }: CephCheck, { words }: HealthCode): string {
  if (words === "none") return "";
  return words === "detail" && detail !== "" ? detail : message;
}

const sizeProblems: readonly Problem[] = [
  {
    what: "the map asks for four copies, which this version does not bring up: nothing is done",
    remedy: "write storage: { copies: 2 }",
  },
];
