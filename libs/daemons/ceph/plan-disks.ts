import type { Action } from "@zcloud/reconcile";
import type { DiskContent } from "./disk.ts";
import type { CephDisk } from "./shape.ts";

export interface DiskObserved {
  readonly disk: CephDisk;
  readonly content: DiskContent;
  /** UUID that an OSD on it has, or would get. */
  readonly uuid: string;
  /** Its OSD's directory on this host is whole. */
  readonly attached: boolean;
  readonly running: boolean;
}

export interface DiskAction extends Action {
  readonly kind: "make-file" | "make-osd" | "attach-osd" | "start-osd";
  readonly disk: CephDisk;
  readonly uuid: string;
  /** Of an OSD that is on the disk already. */
  readonly id: number | undefined;
}

/** Steps for this host's disks. A device that is missing and whatever is foreign are not touched: they are problems for people. */
export function planDisks(quorum: boolean, observed: readonly DiskObserved[]): readonly DiskAction[] {
  return observed.flatMap(({ disk, content, uuid, attached, running }): readonly DiskAction[] => {
    const base = { change: "+", subject: disk.path, disk, uuid, id: undefined } as const;
    const make: DiskAction = { ...base, kind: "make-osd", summary: "an OSD; it is empty", fate: "created" };
    if (content.kind === "ours") {
      const found = {
        ...base,
        subject: `osd.${content.id}`,
        uuid: content.uuid,
        id: content.id,
        fate: "kept",
      } as const;
      const start: DiskAction = { ...found, kind: "start-osd", summary: "start, and at every boot" };
      if (attached) return running ? [] : [start];
      return quorum ? [{ ...found, kind: "attach-osd", summary: `found on ${disk.path}` }, start] : [];
    }
    if (!quorum) return [];
    if (content.kind === "empty" || content.kind === "begun") return [make];
    if (content.kind === "missing" && disk.size !== undefined)
      return [{ ...base, kind: "make-file", summary: `${disk.size} bytes` }, make];
    return [];
  });
}
