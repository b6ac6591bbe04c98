import { parseArgs } from "node:util";

/** `npm run bench -- [OPTION...] NAME...`: the benchmarks. Without a NAME: all of them. idle and deploy need a running lab (`npm run lab`). */
import { certificates } from "./certificates.ts";
import { deploy } from "./deploy.ts";
import { front } from "./front.ts";
import { frontParts } from "./front-options.ts";
import { idle } from "./idle.ts";
import { net, netParts } from "./net.ts";
import { store } from "./store.ts";

const benchmarks: Readonly<Record<string, (lab: string) => Promise<void>>> = {
  idle,
  deploy,
  certificates,
  front: () => {
    const only = frontParts.find((part) => part === values.only);
    const scale = { routes: Number(values.scale), certificates: Number(values.certificates) };
    return front({ routes: Number(values.routes), scale, changes: Number(values.changes), only, quick: values.quick });
  },
  store: () => store(values.quick),
  net() {
    const minutes = Number(values.minutes ?? (values.quick ? 0.5 : 10));
    return net(netParts.includes(values.only ?? "") ? values.only : undefined, values.quick, minutes);
  },
};

const known = Object.keys(benchmarks).join(", ");
const { values, positionals: chosen } = parseArgs({
  options: {
    name: { type: "string", default: "lab" },
    routes: { type: "string", default: "5000" },
    scale: { type: "string", default: "10000" },
    certificates: { type: "string", default: "5000" },
    changes: { type: "string", default: "1000" },
    minutes: { type: "string" },
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
  allowPositionals: true,
});
if (values.help) {
  console.log(
    `npm run bench -- [OPTION...] [NAME...]

Measures and writes tools/bench/results/NAME.json. Names: ${known}.
idle and deploy need a running lab; certificates, front and net need none, store makes its own. front fetches Debian's caddy, nginx and h2load once,
net its dnsperf and ripgrep.

  --name LAB          the lab for idle and deploy (lab)
  --routes N          front: routes of ours, caddy and nginx side by side (5000)
  --scale N           front: routes of the controller (10000)
  --certificates N    front: certificates of the controller (5000)
  --changes N         front: new names with certificate and 3 servers (1000)
  --minutes N         net: minutes that znet is off (10; 0.5 with --quick)
  --only PART         front: compare, scale, certificates or failures; net: dns, gap, logs, outages, grep or names
  --quick             front, net, store: few rounds, for trying`,
  );
  process.exit(0);
}
const names = chosen.length > 0 ? chosen : Object.keys(benchmarks);
const unknown = names.find((name) => benchmarks[name] === undefined);
if (unknown !== undefined) {
  console.error(`there is no benchmark ${unknown}; there are: ${known}. A part of one: --only PART`);
  process.exit(2);
}
for (const name of names) {
  console.log(`== ${name}`);
  await benchmarks[name]?.(values.name);
}
