import type { Reconciler } from "@zcloud/reconcile";
import * as z from "zod";
import { admin, type CephHost, tell } from "./ask.ts";
import { CephError } from "./errors.ts";
import type { CephCheck } from "./health.ts";
import type { MonCommand } from "./mon-command.ts";
import { type CephNumbers, readNumbers } from "./numbers.ts";
import { type ClusterAction, type ClusterObserved, type ClusterWish, planCluster } from "./plan-cluster.ts";

/** What Ceph says of itself in one look. */
export interface CephReport {
  /** `HEALTH_OK`, `HEALTH_WARN`, `HEALTH_ERR`. */
  readonly health: string;
  readonly checks: readonly CephCheck[];
  readonly quorum: readonly string[];
  readonly monitors: readonly string[];
  readonly osds: { readonly up: number; readonly all: number };
  /** Bytes, over all copies. */
  readonly used: number;
  readonly total: number;
}

const Message = z.looseObject({ message: z.string() });
const Health = z.looseObject({
  status: z.string(),
  checks: z.record(
    z.string(),
    z.looseObject({ severity: z.string(), summary: Message, detail: z.array(Message), muted: z.boolean() }),
  ),
});
const Status = z.looseObject({
  quorum_names: z.array(z.string()),
  osdmap: z.looseObject({ num_osds: z.int(), num_up_osds: z.int() }),
  pgmap: z.looseObject({ bytes_used: z.number(), bytes_total: z.number() }),
});
const MonDump = z.looseObject({
  election_strategy: z.int(),
  disallowed_leaders: z.string().default(""),
  "disallowed_leaders: ": z.string().optional(),
  mons: z.array(z.looseObject({ name: z.string() })),
});
const OsdDump = z.looseObject({
  pools: z.array(
    z.looseObject({
      pool_name: z.string(),
      size: z.int(),
      min_size: z.int(),
      crush_rule: z.int(),
      application_metadata: z.record(z.string(), z.unknown()),
    }),
  ),
});
const Rules = z.array(z.looseObject({ rule_id: z.int(), rule_name: z.string() }));
const FsDump = z.looseObject({
  filesystems: z.array(z.looseObject({ mdsmap: z.looseObject({ fs_name: z.string() }) })),
});

/** How the monitors number the ways to elect. */
const strategies = ["", "classic", "disallow", "connectivity"];

const questions: readonly MonCommand[] = [
  { prefix: "status", format: "json" },
  { prefix: "health", detail: "detail", format: "json" },
  ...["mon dump", "osd dump", "osd crush rule dump", "fs dump", "mgr stat"].map((prefix) => ({
    prefix,
    format: "json",
  })),
  { prefix: "df", detail: "detail", format: "json" },
];

export interface ClusterOptions extends CephHost {
  /** Monitors of the sites, in the map's order: the first of them in the quorum keeps the cluster. */
  readonly order: () => readonly string[];
  readonly self: string;
}

export interface Cluster extends Reconciler<ClusterWish, ClusterObserved | undefined, ClusterAction> {
  /** As of the last look; undefined while the monitors don't answer. */
  report(): CephReport | undefined;
  /** Of the same look. */
  numbers(): CephNumbers | undefined;
}

/** Keeps what the whole cluster must have: elections, rule, pools, file system. */
export function createCluster({ host, monitors, order, self }: ClusterOptions): Cluster {
  let latest: CephReport | undefined;
  let numbers: CephNumbers | undefined;

  async function observe(signal: AbortSignal): Promise<ClusterObserved | undefined> {
    const known = (await host.stat(admin.keyring)) !== undefined;
    const said = known ? await monitors.ask(questions, { signal }) : undefined;
    // What was seen before stays in force until it is known to be no more: somebody may ask meanwhile.
    if (said === undefined) {
      latest = undefined;
      numbers = undefined;
      return undefined;
    }
    const failed = said.findIndex(({ status }) => status < 0);
    if (failed !== -1) throw new CephError(`${questions[failed]?.prefix}: ${said[failed]?.err.slice(0, 300)}`);
    const answers = said.map(({ out }) => JSON.parse(out.toString()) as unknown);
    const [status, health, mons, osds, rules, fs, mgrStat, df] = answers;
    const now = Status.parse(status);
    const monmap = MonDump.parse(mons);
    const names = new Map(Rules.parse(rules).map(({ rule_id, rule_name }) => [rule_id, rule_name]));
    latest = reportOf(
      now,
      Health.parse(health),
      monmap.mons.map(({ name }) => name),
    );
    numbers = readNumbers({ status, monDump: mons, osdDump: osds, fsDump: fs, mgrStat, df });
    const turn = order().find((name) => now.quorum_names.includes(name)) === self;
    return {
      turn,
      osdsUp: now.osdmap.num_up_osds,
      monitors: latest.monitors,
      strategy: strategies[monmap.election_strategy] ?? "",
      disallowed: (monmap["disallowed_leaders: "] ?? monmap.disallowed_leaders)
        .split(",")
        .filter((name) => name !== ""),
      rules: [...names.values()],
      pools: OsdDump.parse(osds).pools.map((pool) => ({
        name: pool.pool_name,
        size: pool.size,
        minSize: pool.min_size,
        rule: names.get(pool.crush_rule) ?? "",
        applications: Object.keys(pool.application_metadata),
      })),
      filesystems: FsDump.parse(fs).filesystems.map(({ mdsmap }) => mdsmap.fs_name),
    };
  }

  return {
    name: "ceph-cluster",
    report: () => latest,
    numbers: () => numbers,
    observe,
    plan: planCluster,
    apply: async ({ commands }, signal) => void (await tell(monitors, commands, { signal, timeout: 30 })),
  };
}

function reportOf(
  { quorum_names, osdmap, pgmap }: z.infer<typeof Status>,
  { status, checks }: z.infer<typeof Health>,
  monitors: readonly string[],
): CephReport {
  return {
    health: status,
    checks: Object.entries(checks).map(([code, { severity, summary, detail, muted }]) => {
      return { code, severity, message: summary.message, detail: firstOf(detail), muted };
    }),
    quorum: quorum_names,
    monitors,
    osds: { up: osdmap.num_up_osds, all: osdmap.num_osds },
    used: pgmap.bytes_used,
    total: pgmap.bytes_total,
  };
}

/** Two lines of at most fifty: this goes into every status of the host. */
function firstOf(lines: readonly z.infer<typeof Message>[]): string {
  const first = lines.slice(0, 2).map(({ message }) => message.trim().slice(0, 200));
  return [...first, ...(lines.length > 2 ? [`and ${lines.length - 2} more`] : [])].join("; ");
}
