import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LabHandle, useLab } from "@zcloud/testing";
import { median, report } from "./results.ts";

const rounds = 10;
const name = "bench.demo.lab.example";
const sample = fileURLToPath(new URL("../../../deploy/stacks/hello", import.meta.url));

/** From `zctl deploy` to served at both fronts, for a stack that is new but whose certificate exists. */
export async function deploy(labName: string): Promise<void> {
  const lab = await useLab(labName);
  const directory = await mkdtemp(join(tmpdir(), "zcloud-bench-"));
  const project = join(directory, "bench");
  await cp(sample, project, { recursive: true });
  const text = await readFile(join(sample, "compose.yaml"), "utf8");
  await writeFile(join(project, "compose.yaml"), text.replace("hello.lab.example", name));
  const seconds: number[] = [];
  try {
    await once(lab, project);
    for (let round = 0; round < rounds; round++) {
      await zctl(lab, "remove", "demo/bench");
      await gone(lab);
      seconds.push(await once(lab, project));
      console.log(`  ${round + 1}/${rounds}  ${seconds.at(-1)?.toFixed(2)} s`);
    }
  } finally {
    await lab.zctl("remove", "demo/bench");
    await rm(directory, { recursive: true, force: true });
  }
  const middle = median(seconds);
  const worst = Math.max(...seconds);
  report("deploy", [
    {
      measure: "new stack to served at both fronts, s, median",
      ours: middle,
      peer: null,
      ratio: middle / 5,
      target: "<= 5",
      holds: middle <= 5,
    },
    { measure: "the same, slowest", ours: worst, peer: null, ratio: null, target: "-", holds: true },
  ]);
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
