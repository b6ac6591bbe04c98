import { execFileSync } from "node:child_process";
import { createWriteStream, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { LocalHost } from "@zcloud/host";
import { systemClock } from "@zcloud/reconcile";
import { tempDir } from "@zcloud/testing";
import { readLog } from "../../../libs/daemons/logstore/read.ts";
import { debianTree, programIn } from "./debian-tree.ts";
import { median, type Row, shown } from "./results.ts";

const hosts = ["zfront", "zmah1", "znet", "zpod1", "zstore"];
const days = 4;
/** A line in so many has what is looked for. */
const every = 50_000;

/**
 * What answers `zctl logs --grep` on znet, beside zgrep and ripgrep on the same files: past days compressed, today's not.
 * @param bytes of lines, before compression
 */
export async function grepRows(quick: boolean): Promise<readonly Row[]> {
  const store = tempDir();
  const bytes = (quick ? 0.1 : 1) * 2 ** 30;
  const files = await fill(store, bytes / hosts.length / days);
  const ripgrep = programIn(debianTree(["dnsperf", "ripgrep"]), "usr/bin/rg");
  const times = { ours: [] as number[], zgrep: [] as number[], ripgrep: [] as number[] };
  const rounds = quick ? 2 : 5;
  for (let round = 0; round < rounds; round += 1) {
    const found = { ours: 0, zgrep: 0, ripgrep: 0 };
    const timed = async (who: keyof typeof times, work: () => number | Promise<number>) => {
      const start = performance.now();
      found[who] = await work();
      times[who].push(performance.now() - start);
    };
    await timed("ours", () => ourGrep(store));
    await timed("zgrep", () => linesOf(["zgrep", "-hF", "needle", ...files]));
    await timed("ripgrep", () => linesOf([...ripgrep, "-zIF", "--no-filename", "needle", ...files]));
    if (found.ours !== found.zgrep || found.ours !== found.ripgrep || found.ours === 0)
      throw new Error(`they found different lines: ${JSON.stringify(found)}`);
    const said = Object.entries(times).map(([who, all]) => `${who} ${Math.round(all.at(-1) ?? 0)} ms`);
    console.log(`  ${round + 1}/${rounds} ${found.ours} lines: ${said.join(", ")}`);
  }
  const ours = median(times.ours);
  const row = (peer: string, other: number, needed: boolean): Row => ({
    measure: `a text in ${(bytes / 2 ** 30).toFixed(1)} GiB of stored logs, ms / ${peer}`,
    ...{
      ours,
      peer: other,
      ratio: ours / other,
      target: needed ? "<= 1.5" : "-",
      holds: !needed || ours <= other * 1.5,
    },
  });
  // The target names either; zgrep is the one that the files are made for.
  return [
    row("zgrep", median(times.zgrep), true),
    row("ripgrep", median(times.ripgrep), false),
    shown("bytes on disk, MiB", files.reduce((sum, file) => sum + statSync(file).size, 0) / 2 ** 20),
  ];
}

async function ourGrep(store: string): Promise<number> {
  const signal = AbortSignal.timeout(120_000);
  let found = 0;
  const query = { kind: "journal" as const, grep: "needle", follow: "false" as const };
  for await (const lines of readLog(query, { host: new LocalHost(), clock: systemClock, store, signal }))
    found += lines.length;
  return found;
}

function linesOf([program = "", ...args]: readonly string[]): number {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 28 }).split("\n").length - 1;
}

async function fill(store: string, bytesEach: number): Promise<string[]> {
  const files: string[] = [];
  for (const [offset, host] of hosts.entries()) {
    mkdirSync(join(store, host));
    for (let day = 1; day <= days; day += 1) {
      const last = day === days;
      const path = join(store, host, `2026-11-${20 + day}.jsonl${last ? "" : ".gz"}`);
      const source = Readable.from(text(offset, day, bytesEach));
      if (last) await pipeline(source, createWriteStream(path));
      else await pipeline(source, createGzip(), createWriteStream(path));
      files.push(path);
    }
  }
  return files;
}

/** Lines as znet stores them, with words that repeat as those of services do. */
function* text(host: number, day: number, bytes: number): Generator<string> {
  let length = 0;
  let random = host * 31 + day;
  for (let line = 0; length < bytes; ) {
    let some = "";
    for (let index = 0; index < 500; index += 1, line += 1) {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      const at = new Date(Date.UTC(2026, 10, 20 + day) + line * 37).toISOString().replace("Z", "000+00:00");
      const what = line % every === 0 ? "needle" : "request";
      some += `{"at":"${at}","level":"info","unit":"libpod-conmon-${host}.scope","tag":"demo/hello/web","pid":"${random % 9_000}","service":"demo/hello/web","msg":"${what} ${random.toString(36)} from 198.51.100.${random % 250} took ${random % 977} ms"}\n`;
    }
    length += some.length;
    yield some;
  }
}
