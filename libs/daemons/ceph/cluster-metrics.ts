import { Counter, Gauge, type Registry } from "prom-client";
import type { CephNumbers, PoolNumbers } from "./numbers.ts";

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Series {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** A counter since the pool was made; else a gauge. */
  readonly counts?: true;
  samples(numbers: CephNumbers): readonly Sample[];
}

const yes = (is: boolean): number => (is ? 1 : 0);
const one = (value: number): readonly Sample[] => [[{}, value]];

function pool(name: string, help: string, of: (pool: PoolNumbers) => number, counts?: true): Series {
  return {
    name: `ceph_pool_${name}`,
    help,
    labels: ["name"],
    ...(counts === undefined ? {} : { counts }),
    samples: ({ pools }) => pools.map((each): Sample => [{ name: each.name }, of(each)]),
  };
}

/** Where the exporter of Ceph's manager says the same, the name is the exporter's (src/pybind/mgr/prometheus/module.py, 18.2.7). */
const series: readonly Series[] = [
  {
    ...{ name: "ceph_health_status", help: "0: HEALTH_OK, 1: HEALTH_WARN, 2: HEALTH_ERR." },
    samples: ({ health }) => one(health),
  },
  {
    ...{ name: "ceph_cluster_total_bytes", help: "Bytes of all disks." },
    samples: ({ total }) => one(total),
  },
  {
    ...{ name: "ceph_cluster_total_used_raw_bytes", help: "Bytes in use on all disks, over all copies." },
    samples: ({ used }) => one(used),
  },
  {
    ...{ name: "ceph_mon_quorum_status", help: "1 for a monitor that is in the quorum.", labels: ["ceph_daemon"] },
    samples: ({ monitors }) =>
      monitors.map(({ name, quorum }): Sample => [{ ceph_daemon: `mon.${name}` }, yes(quorum)]),
  },
  {
    ...{ name: "ceph_mgr_status", help: "1 for the active manager.", labels: ["ceph_daemon"] },
    samples: ({ manager }) => (manager === undefined ? [] : [[{ ceph_daemon: `mgr.${manager}` }, 1]]),
  },
  {
    ...{ name: "zcloud_ceph_mds", help: "1 for the state that an MDS is in.", labels: ["ceph_daemon", "state"] },
    samples: ({ mds }) => mds.map(({ name, state }): Sample => [{ ceph_daemon: `mds.${name}`, state }, 1]),
  },
  {
    ...{ name: "ceph_osd_up", help: "1 for a disk in service.", labels: ["ceph_daemon"] },
    samples: ({ osds }) => osds.map(({ id, up }): Sample => [{ ceph_daemon: `osd.${id}` }, yes(up)]),
  },
  {
    ...{ name: "ceph_osd_in", help: "1 for a disk that data is put on.", labels: ["ceph_daemon"] },
    samples: ({ osds }) => osds.map((osd): Sample => [{ ceph_daemon: `osd.${osd.id}` }, yes(osd.in)]),
  },
  {
    ...{ name: "zcloud_ceph_placement_groups", help: "Placement groups by their state.", labels: ["state"] },
    samples: ({ pgs }) => Object.entries(pgs).map(([state, count]): Sample => [{ state }, count]),
  },
  {
    ...{ name: "ceph_num_objects_degraded", help: "Objects with a copy too few." },
    samples: ({ degraded }) => one(degraded),
  },
  {
    ...{ name: "ceph_num_objects_misplaced", help: "Objects with a copy in the wrong place." },
    samples: ({ misplaced }) => one(misplaced),
  },
  {
    ...{ name: "ceph_num_objects_unfound", help: "Objects that no disk in service has." },
    samples: ({ unfound }) => one(unfound),
  },
  pool("stored", "Bytes written into the pool, one copy.", ({ stored }) => stored),
  pool("max_avail", "Bytes that go into the pool until its fullest disk is full.", ({ room }) => room),
  pool("percent_used", "How full the pool is, 0 to 1.", ({ full }) => full),
  pool("objects", "Objects of the pool.", ({ objects }) => objects),
  pool("rd", "Reads of the pool.", ({ reads }) => reads, true),
  pool("rd_bytes", "Bytes read of the pool.", ({ readBytes }) => readBytes, true),
  pool("wr", "Writes to the pool.", ({ writes }) => writes, true),
  pool("wr_bytes", "Bytes written to the pool.", ({ writtenBytes }) => writtenBytes, true),
];

/** Ceph's numbers as of the last look; none while the monitors do not answer. */
export function clusterMetrics(registry: Registry, numbers: () => CephNumbers | undefined): void {
  for (const { name, help, labels = [], counts, samples } of series) {
    const now = (): readonly Sample[] => {
      const seen = numbers();
      return seen === undefined ? [] : samples(seen);
    };
    const common = { name, help, labelNames: [...labels], registers: [registry] };
    if (counts)
      new Counter({
        ...common,
        collect() {
          this.reset();
          for (const [of, value] of now()) this.inc(of, value);
        },
      });
    else
      new Gauge({
        ...common,
        collect() {
          this.reset();
          if (labels.length === 0) this.remove();
          for (const [of, value] of now()) this.set(of, value);
        },
      });
  }
}
