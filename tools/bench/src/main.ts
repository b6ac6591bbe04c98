import { parseArgs } from "node:util";

/** `npm run bench -- [--name LAB] NAME...`: the benchmarks. Without a NAME: all of them. They need a running lab (`npm run lab`). */
import { deploy } from "./deploy.ts";
import { idle } from "./idle.ts";

const benchmarks: Readonly<Record<string, (lab: string) => Promise<void>>> = { idle, deploy };

const known = Object.keys(benchmarks).join(", ");
const { values, positionals: chosen } = parseArgs({
  options: { name: { type: "string", default: "lab" }, help: { type: "boolean", short: "h", default: false } },
  allowPositionals: true,
});
if (values.help) {
  console.log(
    `npm run bench -- [--name LAB] [NAME...]\n\nMeasures in a running lab (named lab by default) and writes tools/bench/results/NAME.json. Names: ${known}.`,
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
  await benchmark(values.name);
}
