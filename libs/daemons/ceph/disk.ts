import * as z from "zod";

/** What is on a disk that the map gives to Ceph. */
export type DiskContent =
  | { readonly kind: "missing" }
  /** Nothing that anybody would miss. */
  | { readonly kind: "empty" }
  /** Begun by us and not finished: there never was data on it. */
  | { readonly kind: "begun"; readonly uuid: string }
  /** An OSD of this cluster. */
  | { readonly kind: "ours"; readonly uuid: string; readonly id: number }
  /** Something else. It is never touched. */
  | { readonly kind: "foreign"; readonly what: string };

/** What programs say of a disk. */
export interface DiskLook {
  readonly exists: boolean;
  /** Standard output of `ceph-bluestore-tool show-label`; undefined if it found none. */
  readonly label: string | undefined;
  /** Standard output of `wipefs --no-act --json`. */
  readonly signatures: string;
  /** Whether its first megabyte is zeros. */
  readonly zeros: boolean;
}

const Label = z.record(
  z.string(),
  z.looseObject({
    osd_uuid: z.string(),
    ceph_fsid: z.string().optional(),
    whoami: z.string().optional(),
    mkfs_done: z.string().optional(),
    ready: z.string().optional(),
  }),
);
const Signatures = z.looseObject({ signatures: z.array(z.looseObject({ type: z.string() })).default([]) });

/**
 * Judges a disk. Only what is empty, or was begun by us, may be written to; in doubt it is foreign.
 * @param fsid of our cluster
 * @param uuid that an OSD on this disk would get from us
 */
export function judgeDisk(look: DiskLook, fsid: string, uuid: string): DiskContent {
  if (!look.exists) return { kind: "missing" };
  if (look.label !== undefined) return judgeLabel(look.label, fsid, uuid);
  const types = typesOf(look.signatures);
  if (types === undefined) return { kind: "foreign", what: "something that wipefs does not understand" };
  if (types.length > 0) return { kind: "foreign", what: types.join(", ") };
  return look.zeros ? { kind: "empty" } : { kind: "foreign", what: "data without a known signature" };
}

function judgeLabel(text: string, fsid: string, uuid: string): DiskContent {
  const parsed = Label.safeParse(parseJson(text));
  const label = parsed.success ? Object.values(parsed.data)[0] : undefined;
  if (label === undefined) return { kind: "foreign", what: "an OSD's label that can't be read" };
  const whole = label.mkfs_done === "yes" && label.ready === "ready";
  if (!whole && label.osd_uuid === uuid) return { kind: "begun", uuid };
  if (label.ceph_fsid !== fsid)
    return { kind: "foreign", what: `an OSD of another cluster (${label.ceph_fsid ?? "unfinished"})` };
  const id = Number(label.whoami);
  if (!whole || !Number.isInteger(id))
    return { kind: "foreign", what: "an unfinished OSD that this host did not begin" };
  return { kind: "ours", uuid: label.osd_uuid, id };
}

function typesOf(text: string): readonly string[] | undefined {
  if (text.trim() === "") return [];
  const parsed = Signatures.safeParse(parseJson(text));
  return parsed.success ? [...new Set(parsed.data.signatures.map(({ type }) => type))] : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
