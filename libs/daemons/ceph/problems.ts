import type { CephReport } from "./cluster.ts";
import type { DiskObserved } from "./plan-disks.ts";

interface Problem {
  readonly what: string;
  readonly remedy: string;
}

export interface StorageView {
  /** Whether this host was given the cluster's secrets. */
  readonly secrets: boolean;
  readonly report: CephReport | undefined;
  readonly disks: readonly DiskObserved[];
  readonly copies: number;
  /** Name of the witness's monitor, if the map has one. */
  readonly witness: string | undefined;
}

/** What is wrong with storage, as this host sees it, worst first. */
export function storageProblems({ secrets, report, disks, copies, witness }: StorageView): readonly Problem[] {
  if (!secrets) return [{ what: "this host has no key of the cluster", remedy: "zctl pki" }];
  if (copies !== 2) return sizeProblems;
  return [
    ...quorumProblems(report),
    ...witnessProblems(witness, report),
    ...disks.flatMap(diskProblems),
    ...healthProblems(report),
  ];
}

function quorumProblems(report: CephReport | undefined): readonly Problem[] {
  if (report !== undefined) return [];
  const what = "Ceph's monitors do not answer: no volume can be read or written from here, or there is no cluster yet";
  return [
    { what, remedy: "two of the three places are needed; zctl status: which of the zstores and the witness are up?" },
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

function healthProblems(report: CephReport | undefined): readonly Problem[] {
  return (report?.checks ?? []).map(({ code, message }) => {
    return { what: `Ceph: ${message}`, remedy: `ceph health detail, on a zstore (${code})` };
  });
}

const sizeProblems: readonly Problem[] = [
  {
    what: "the map asks for four copies, which this version does not bring up: nothing is done",
    remedy: "write storage: { copies: 2 }",
  },
];
