import * as z from "zod";

/** Ceph's numbers of one look, for who draws them; what is wrong is in its health (`CephReport`). */
export interface CephNumbers {
  /** 0: HEALTH_OK, 1: HEALTH_WARN, 2: HEALTH_ERR, muted codes left out. */
  readonly health: number;
  /** Bytes of all disks, and of those in use, over all copies. */
  readonly total: number;
  readonly used: number;
  readonly monitors: readonly { readonly name: string; readonly quorum: boolean }[];
  /** The active manager's name; undefined: there is none. */
  readonly manager: string | undefined;
  /** `state`: `up:active`, `up:standby`. */
  readonly mds: readonly { readonly name: string; readonly state: string }[];
  readonly osds: readonly { readonly id: number; readonly up: boolean; readonly in: boolean }[];
  /** Placement groups by what they are: `active+clean`. */
  readonly pgs: Readonly<Record<string, number>>;
  /** Objects with a copy too few, with one in the wrong place, and that no disk has. */
  readonly degraded: number;
  readonly misplaced: number;
  readonly unfound: number;
  readonly pools: readonly PoolNumbers[];
}

export interface PoolNumbers {
  readonly name: string;
  /** Bytes that were written into it, one copy. */
  readonly stored: number;
  /** Bytes that go in until its fullest disk is full, one copy. */
  readonly room: number;
  /** 0 to 1, of what could be in it. */
  readonly full: number;
  readonly objects: number;
  /** Operations and bytes since it was made. */
  readonly reads: number;
  readonly readBytes: number;
  readonly writes: number;
  readonly writtenBytes: number;
}

const levels = ["HEALTH_OK", "HEALTH_WARN", "HEALTH_ERR"];

const Status = z.looseObject({
  health: z.looseObject({ status: z.enum(levels) }),
  quorum_names: z.array(z.string()),
  pgmap: z.looseObject({
    bytes_used: z.number(),
    bytes_total: z.number(),
    pgs_by_state: z.array(z.looseObject({ state_name: z.string(), count: z.int() })),
    // Only where there are any.
    degraded_objects: z.int().default(0),
    misplaced_objects: z.int().default(0),
    unfound_objects: z.int().default(0),
  }),
});
const MonDump = z.looseObject({ mons: z.array(z.looseObject({ name: z.string() })) });
const OsdDump = z.looseObject({ osds: z.array(z.looseObject({ osd: z.int(), up: z.int(), in: z.int() })) });
const Mds = z.looseObject({ name: z.string(), state: z.string() });
const FsDump = z.looseObject({
  standbys: z.array(Mds),
  filesystems: z.array(z.looseObject({ mdsmap: z.looseObject({ info: z.record(z.string(), Mds) }) })),
});
const MgrStat = z.looseObject({ available: z.boolean(), active_name: z.string() });
const Df = z.looseObject({
  pools: z.array(
    z.looseObject({
      name: z.string(),
      stats: z.looseObject({
        stored: z.number(),
        max_avail: z.number(),
        percent_used: z.number(),
        objects: z.number(),
        rd: z.number(),
        rd_bytes: z.number(),
        wr: z.number(),
        wr_bytes: z.number(),
      }),
    }),
  ),
});

/** What the monitors answered, as JSON.parse gives it. */
export interface CephAnswers {
  readonly status: unknown;
  readonly monDump: unknown;
  readonly osdDump: unknown;
  readonly fsDump: unknown;
  readonly mgrStat: unknown;
  /** `df` with `detail`. */
  readonly df: unknown;
}

/** @throws ZodError if Ceph says something else than release 18.2 does */
export function readNumbers(answers: CephAnswers): CephNumbers {
  const { health, quorum_names, pgmap } = Status.parse(answers.status);
  const { standbys, filesystems } = FsDump.parse(answers.fsDump);
  const mgr = MgrStat.parse(answers.mgrStat);
  const ranked = filesystems.flatMap(({ mdsmap }) => Object.values(mdsmap.info));
  return {
    health: levels.indexOf(health.status),
    total: pgmap.bytes_total,
    used: pgmap.bytes_used,
    monitors: MonDump.parse(answers.monDump).mons.map(({ name }) => ({ name, quorum: quorum_names.includes(name) })),
    manager: mgr.available ? mgr.active_name : undefined,
    mds: [...ranked, ...standbys].map(({ name, state }) => ({ name, state })),
    osds: OsdDump.parse(answers.osdDump).osds.map((one) => ({ id: one.osd, up: one.up === 1, in: one.in === 1 })),
    pgs: Object.fromEntries(pgmap.pgs_by_state.map(({ state_name, count }) => [state_name, count])),
    degraded: pgmap.degraded_objects,
    misplaced: pgmap.misplaced_objects,
    unfound: pgmap.unfound_objects,
    pools: Df.parse(answers.df).pools.map(({ name, stats }) => ({
      name,
      stored: stats.stored,
      room: stats.max_avail,
      full: stats.percent_used,
      objects: stats.objects,
      reads: stats.rd,
      readBytes: stats.rd_bytes,
      writes: stats.wr,
      writtenBytes: stats.wr_bytes,
    })),
  };
}
