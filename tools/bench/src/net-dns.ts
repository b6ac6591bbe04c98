import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Daemon, debian, freePorts, startDaemon, tempDir } from "@zcloud/testing";
import { openControl } from "../../../libs/daemons/unbound/control.ts";
import { labMap } from "../../../libs/daemons/unbound/lab-map.test-support.ts";
import { type Records, renderNames } from "../../../libs/daemons/unbound/records.ts";
import { productionPlaces, renderUnbound } from "../../../libs/daemons/unbound/render.ts";
import { debianTree, programIn } from "./debian-tree.ts";
import { median, type Row } from "./results.ts";

const records = 10_000;
/** Questions a second at which answers are timed: what a busy site asks, far from what either can do. */
const steady = 10_000;

/** Unbound with 10,000 records as znet has it, beside one with the same records and nothing else, asked by dnsperf. */
export async function dnsRows(quick: boolean): Promise<readonly Row[]> {
  const dnsperf = programIn(debianTree(["dnsperf", "ripgrep"]), "usr/bin/dnsperf");
  const root = tempDir();
  const names = Array.from({ length: records }, (_, index) => `n${index}.demo.lab.example`);
  const asked = join(root, "questions");
  writeFileSync(asked, names.map((name) => `${name} A\n`).join(""));
  const [ours, bare] = await freePorts(2);
  const servers = [
    await start(root, "ours", ourConfig(root, ours ?? 0, new Map(names.map((name) => [name, ["A 10.64.1.3"]])))),
    await start(root, "bare", bareConfig(root, bare ?? 0)),
  ];
  const rates: [number[], number[]] = [[], []];
  const slow: [number[], number[]] = [[], []];
  const [rounds, seconds] = quick ? [2, 2] : [9, 4];
  const about = (port: number): readonly string[] => {
    return ["-s", "127.0.0.1", "-p", String(port), "-d", asked, "-l", String(seconds), "-c", "4"];
  };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const turns = [...[ours ?? 0, bare ?? 0].entries()];
      for (const [index, port] of round % 2 === 0 ? turns : turns.reverse()) {
        rates[index]?.push((await measure(dnsperf, about(port))).rate);
        slow[index]?.push((await measure(dnsperf, [...about(port), "-Q", String(steady)])).p99);
      }
      const said = (both: readonly (readonly number[])[]) => both.map((one) => Math.round(one.at(-1) ?? 0)).join(", ");
      console.log(`  ${round + 1}/${rounds} queries/s ours, bare ${said(rates)}; p99 us ${said(slow)}`);
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  const row = (
    measure: string,
    [a, b]: [number[], number[]],
    target: string,
    holds: (ratio: number) => boolean,
  ): Row => {
    const ratio = median(a) / median(b);
    return { measure, ours: median(a), peer: median(b), ratio, target, holds: holds(ratio) };
  };
  const beside = `${records} records, ours with its limit per address raised / bare Unbound`;
  return [
    row(`DNS queries/s, ${beside}`, rates, ">= 0.95", (ratio) => ratio >= 0.95),
    row(`p99 of an answer at ${steady} queries/s, us, the same`, slow, "<= 1.1", (ratio) => ratio <= 1.1),
  ];
}

function ourConfig(root: string, port: number, all: Records): string {
  const map = labMap();
  const names = join(root, "names.conf");
  writeFileSync(names, renderNames(all));
  const places = {
    interfaces: ["127.0.0.1"],
    port,
    names,
    control: join(root, "ours-control"),
    user: "",
    directory: root,
  };
  // One address asks everything here. The limit is counted all the same.
  return renderUnbound(map, "north", { ...productionPlaces(map, "north"), ...places }).replace(
    /ip-ratelimit: \d+/,
    "ip-ratelimit: 10000000",
  );
}

function bareConfig(root: string, port: number): string {
  return `server:
    interface: 127.0.0.1
    port: ${port}
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "${root}"
    pidfile: ""
    use-syslog: no
    include: "${join(root, "names.conf")}"
remote-control:
    control-enable: yes
    control-interface: "${join(root, "bare-control")}"
    control-use-cert: no
`;
}

/** Who asks and who answers must not wait for each other's turn. */
const onCore = (core: 0 | 1): readonly string[] => ["taskset", "--cpu-list", String(core)];

async function start(root: string, name: string, config: string): Promise<Daemon> {
  const path = join(root, `${name}.conf`);
  writeFileSync(path, config);
  const control = openControl(join(root, `${name}-control`));
  return startDaemon(
    [...onCore(0), ...debian("/usr/sbin/unbound", "-d", "-p", "-c", path)] as unknown as [string],
    async () => (await control.ask("status")) !== "",
  );
}

/** Answers a second, and the 99th percentile of their time in microseconds. */
async function measure(dnsperf: readonly string[], args: readonly string[]): Promise<{ rate: number; p99: number }> {
  const [program = "", ...before] = [...onCore(1), ...dnsperf];
  const all = [...before, ...args, "-O", "latency-histogram"];
  const { stdout } = await promisify(execFile)(program, all, { maxBuffer: 2 ** 26 });
  const rate = Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]);
  const lost = Number(/Queries lost:\s+(\d+)/.exec(stdout)?.[1]);
  const completed = Number(/Queries completed:\s+(\d+)/.exec(stdout)?.[1]);
  const good = Number(/NOERROR (\d+)/.exec(stdout)?.[1]);
  if (!(rate > 0) || good !== completed || lost > completed / 1_000)
    throw new Error(`dnsperf said:\n${stdout.slice(0, 2_000)}`);
  return { rate, p99: percentile(stdout, 0.99) };
}

/** Of the lines `<from> - <to>: <count>` in seconds, the upper end in microseconds. */
function percentile(text: string, part: number): number {
  const buckets = [...text.matchAll(/^\s*([\d.]+)\s*-\s*([\d.]+)\s*:\s*(\d+)/gm)].map(([, , to, count]) => ({
    to: Number(to),
    count: Number(count),
  }));
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { to, count } of buckets) {
    seen += count;
    if (seen >= total * part) return to * 1_000_000;
  }
  return 0;
}
