import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LabHandle, useLab } from "@zcloud/testing";
import { limited, median, report, shown } from "./results.ts";

const rounds = 10;
/** More of them, not timed: users' GETs and what makes them take a part of a small machine. */
const roundsUnderLoad = 3;
const name = "bench.demo.lab.example";
const sample = fileURLToPath(new URL("../../../deploy/stacks/hello", import.meta.url));

/** Names that are served meanwhile, and how many GETs a second each front gets for them. */
const others = { name: "hello.lab.example", rate: 50 };

/** From `zctl deploy` to served at both fronts, for a stack that is new but whose certificate exists. */
export async function deploy(labName: string): Promise<void> {
  const lab = await useLab(labName);
  const directory = await mkdtemp(join(tmpdir(), "zcloud-bench-"));
  const project = join(directory, "bench");
  await cp(sample, project, { recursive: true });
  const text = await readFile(join(sample, "compose.yaml"), "utf8");
  await writeFile(
    join(project, "compose.yaml"),
    text.replace(others.name, name).replace(', tcp: [{ public: 7008, port: 7007, greets: "220" }]', ""),
  );
  const seconds: number[] = [];
  const shares: FrontTime[] = [];
  const lost = { sent: 0, failed: 0 };
  try {
    await once(lab, project);
    for (let round = 0; round < rounds; round++) {
      await zctl(lab, "remove", "demo/bench");
      await gone(lab);
      const before = await Promise.all(lab.map.sites.map(({ name: site }) => frontTime(lab, site)));
      seconds.push(await once(lab, project));
      const after = await Promise.all(lab.map.sites.map(({ name: site }) => frontTime(lab, site)));
      shares.push(...after.map((time, index) => since(time, before[index])));
      console.log(`  ${round + 1}/${rounds}  ${seconds.at(-1)?.toFixed(2)} s`);
    }
    for (let round = 0; round < roundsUnderLoad; round++) {
      const loads = lab.map.sites.map(({ name: site }) => lab.load(site, `https://${others.name}/`, 60, others.rate));
      await zctl(lab, "remove", "demo/bench");
      await gone(lab);
      const took = await once(lab, project);
      for (const load of loads) load.stop();
      for (const { sent, failed } of await Promise.all(loads.map(({ report: done }) => done))) {
        lost.sent += sent;
        lost.failed += failed.length;
      }
      console.log(
        `  under load ${round + 1}/${roundsUnderLoad}  ${took.toFixed(2)} s, ${lost.failed} of ${lost.sent} GETs lost`,
      );
    }
  } finally {
    await lab.zctl("remove", "demo/bench");
    await rm(directory, { recursive: true, force: true });
  }
  const runtime = shares.map(({ runtime }) => runtime);
  report("deploy", [
    limited("new stack to served at both fronts, s, median", median(seconds), 5),
    shown("the same, slowest", Math.max(...seconds)),
    limited("HAProxy's share of it at a front, ms, median", median(runtime), 50),
    shown("the same, slowest", Math.max(...runtime)),
    shown("HAProxy's share with its files on disk, ms, median", median(shares.map(({ files }) => files))),
    limited(`GETs of another name lost meanwhile, of ${lost.sent}`, lost.failed, 0),
  ]);
}

/** Milliseconds that a front spent so far on changes of routes: by HAProxy's runtime API, and with the files written first. */
interface FrontTime {
  readonly runtime: number;
  readonly files: number;
}

async function frontTime(lab: LabHandle, site: string): Promise<FrontTime> {
  const argv = ["curl", "-sS", "-m", "5", "--unix-socket", "/run/zcloud/zfront.sock", "http://agent/metrics"];
  const { stdout } = await lab.sh(`${site}/zfront`, argv);
  const of = (kind: string): number => {
    const line = new RegExp(`^zcloud_reconcile_action_seconds_total{loop="haproxy",kind="${kind}"} (\\S+)$`, "m");
    return 1000 * Number(line.exec(stdout)?.[1] ?? 0);
  };
  const runtime = of("route");
  return { runtime, files: runtime + of("write-config") };
}

function since(now: FrontTime, before: FrontTime = { runtime: 0, files: 0 }): FrontTime {
  return { runtime: now.runtime - before.runtime, files: now.files - before.files };
}

/** zctl returns when it has seen both fronts answer. Seconds. */
async function once(lab: LabHandle, project: string): Promise<number> {
  const start = performance.now();
  await zctl(lab, "deploy", project, "--tenant", "demo");
  return (performance.now() - start) / 1000;
}

async function zctl(lab: LabHandle, ...words: readonly string[]): Promise<void> {
  const { status, stdout, stderr } = await lab.zctl(...words);
  if (status !== 0) throw new Error(`zctl ${words.join(" ")}: exit ${status}: ${stdout}${stderr}`);
}

/** Until neither front knows the name any more, at most 30 s. */
async function gone(lab: LabHandle): Promise<void> {
  for (const { public: address } of lab.map.sites) {
    for (let attempt = 0; ; attempt++) {
      const args = ["--resolve", `${name}:443:${address.ipv4}`, "-k"];
      if ((await lab.curl(`https://${name}/`, { args })).status === 404) break;
      if (attempt > 100) throw new Error(`${name} is still served 30 s after its stack was removed`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
}
