import { useLab } from "@zcloud/testing";
import { type Row, report } from "./results.ts";

const seconds = 60;
const limits = { rss: 75, core: 0.5 };

/** Reads MainPID, resident kilobytes and CPU ticks of a service in one round trip. */
const sample = (unit: string): readonly string[] => [
  "sh",
  "-c",
  `p=$(systemctl show -P MainPID ${unit}); grep VmRSS /proc/$p/status | tr -dc 0-9; echo; cut -d' ' -f14,15 /proc/$p/stat; getconf CLK_TCK`,
];

interface Sample {
  /** MiB. */
  readonly rss: number;
  /** Seconds of CPU since the start. */
  readonly cpu: number;
}

function parse(stdout: string): Sample {
  const [rss, ticks, hertz] = stdout.trim().split("\n");
  const [user = Number.NaN, system = Number.NaN] = (ticks ?? "").split(" ").map(Number);
  return { rss: Number(rss) / 1024, cpu: (user + system) / Number(hertz) };
}

/** Memory and CPU of every service of ours, over a minute in which nothing happens. */
export async function idle(name: string): Promise<void> {
  const lab = await useLab(name);
  const hosts = lab.map.sites.flatMap((site) => site.hosts.filter((host) => host.role !== "zcloud"));
  const measure = (): Promise<readonly Sample[]> =>
    Promise.all(
      hosts.map(async (host) => parse((await lab.sh(host.id, sample(`zcloud-${host.role}.service`))).stdout)),
    );
  console.log(`measuring ${hosts.length} services over ${seconds} s`);
  const before = await measure();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const after = await measure();
  const rows = hosts.flatMap((host, index): Row[] => {
    const rss = after[index]?.rss ?? Number.NaN;
    const core = (((after[index]?.cpu ?? Number.NaN) - (before[index]?.cpu ?? Number.NaN)) / seconds) * 100;
    return [
      {
        measure: `${host.id} MiB resident`,
        ours: rss,
        peer: null,
        ratio: rss / limits.rss,
        target: `<= ${limits.rss}`,
        holds: rss <= limits.rss,
      },
      {
        measure: `${host.id} % of a core`,
        ours: core,
        peer: null,
        ratio: core / limits.core,
        target: `<= ${limits.core}`,
        holds: core <= limits.core,
      },
    ];
  });
  report("idle", rows);
}
