/** `npm run bench -- NAME...`: the benchmarks. Without a name: all of them. They need a running lab (`npm run lab`). */
import { deploy } from "./deploy.ts";
import { idle } from "./idle.ts";

const benchmarks: Readonly<Record<string, () => Promise<void>>> = { idle, deploy };

const chosen = process.argv.slice(2);
const known = Object.keys(benchmarks).join(", ");
if (chosen.includes("--help") || chosen.includes("-h")) {
  console.log(
    `npm run bench -- [NAME...]\n\nMeasures in the running lab and writes tools/bench/results/NAME.json. Names: ${known}.`,
  );
  process.exit(0);
}
for (const name of chosen.length > 0 ? chosen : Object.keys(benchmarks)) {
  const benchmark = benchmarks[name];
  if (benchmark === undefined) {
    console.error(`there is no benchmark ${name}; there are: ${known}`);
    process.exit(2);
  }
  console.log(`== ${name}`);
  await benchmark();
}
