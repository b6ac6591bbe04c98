import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { runPass, systemClock } from "@zcloud/reconcile";
import { type Daemon, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRsyslog } from "../rsyslog/daemon.ts";
import { renderReceiver } from "../rsyslog/render.ts";
import { type Bench, bench, type Journal, map, rsyslogd, startJournal } from "../rsyslog/rsyslog.test-support.ts";
import { dayOf } from "./files.ts";
import { createLogKeeper } from "./keep.ts";

const MiB = 2 ** 20;
/** Of the file system that has nothing but the log and the ballast. */
const size = 64 * MiB;
const root = mkdtempSync(join(tmpdir(), "zc-full-"));
const pid = join(root, "pid");
const signal = AbortSignal.timeout(120_000);
const host = new LocalHost();
let site: Bench;
let journal: Journal;
let sender: Daemon;
let keep: () => Promise<readonly string[]>;
let receive: () => Promise<readonly string[]>;
let problem: () => string | undefined;

/** Fills the file system to so many percent. */
function fill(percent: number): void {
  const ballast = join(site.store, "ballast");
  rmSync(ballast, { force: true });
  const { blocks, bfree, bsize } = statfsSync(site.store);
  const missing = Math.min(bfree, Math.floor((blocks * percent) / 100) - (blocks - bfree));
  if (missing > 0) execFileSync("fallocate", ["--length", String(missing * bsize), ballast]);
}

const days = () =>
  readdirSync(join(site.store, "zfront"))
    .filter((name) => name < dayOf(Date.now()))
    .sort();
const arrived = (word: string) => site.stored().filter((text) => text.includes(`"msg":"${word} `)).length;

beforeAll(async () => {
  site = await bench(root);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", site.store]);
  mkdirSync(join(site.store, "zfront"));
  for (const ago of [5, 4, 3, 2, 1])
    writeFileSync(
      join(site.store, "zfront", `${dayOf(Date.now() - ago * 86_400_000)}.jsonl`),
      Buffer.alloc(5 * MiB, "x\n"),
    );
  const keeper = createLogKeeper({ host, clock: systemClock, store: site.store });
  const bounds = { keep: 30 * 86_400, atMost: 1e12 };
  keep = async () =>
    (await runPass(keeper, bounds, { read: signal, write: signal })).map(({ kind, subject }) => `${kind} ${subject}`);
  problem = () => keeper.problem(bounds);
  const config = join(root, "it.conf");
  const alive = `test -e ${pid} && test "$(cat /proc/$(cat ${pid})/cmdline | wc -c)" -gt 0`;
  const start = `${alive} || { setsid ${rsyslogd("-n", "-i", "NONE", "-f", config).join(" ")} >>${root}/log 2>&1 & echo $! >${pid}; }`;
  // As systemd does: one that waits for room to write does not end by itself.
  const stop = `p=$(cat ${pid}); kill $p; n=0; while ${alive} && [ $n -lt 40 ]; do sleep 0.05; n=$((n + 1)); done; kill -9 $p 2>/dev/null || true; while ${alive}; do sleep 0.05; done`;
  const receiver = createRsyslog("log-receiver", {
    host,
    places: { unit: "x", config, unitFile: join(root, "x.service"), enabled: pid, state: join(root, "rx") },
    store: site.store,
    unitPaths: [],
    identity: site.identityOf("znet"),
    verbs: {
      check: (path) => rsyslogd("-N1", "-f", path),
      running: ["sh", "-c", alive],
      start: ["sh", "-c", start],
      restart: ["sh", "-c", `${alive} && { ${stop}; }; ${start}`],
      stop: ["sh", "-c", stop],
      unitChanged: ["true"],
    },
  });
  const listen = ({ name }: { name: string }) => ({ address: "127.0.0.1", port: site.ports.get(name) ?? 0 });
  const text = renderReceiver(map, "north", {
    ...{ listen, store: site.store, state: join(root, "rx"), identity: site.identityOf("znet") },
  });
  const listens = [...site.ports.values()].map((port) => `127.0.0.1:${port}`);
  // Of 20 GB it is 512 MiB.
  const desired = { config: text, unitFiles: new Map(), listens, needs: 2 * MiB };
  receive = async () => (await runPass(receiver, desired, { read: signal, write: signal })).map(({ kind }) => kind);
  expect(await receive()).toEqual(["configure"]);
  journal = await startJournal(root);
  sender = await journal.send(site.senderConfig());
}, 60_000);

afterAll(async () => {
  await sender?.stop("SIGKILL");
  await journal?.daemon.stop("SIGKILL");
  try {
    process.kill(Number(readFileSync(pid, "utf8")));
  } catch {
    // It never started, or was stopped.
  }
  execFileSync("umount", ["--lazy", site.store]);
  rmSync(root, { recursive: true, force: true });
});

test.each([
  [85, 5],
  [90, 5],
  [95, 4],
  [98, 3],
])("at %i %% the oldest days give way, and what is said arrives", async (percent, left) => {
  fill(percent);
  const before = days();
  await keep();
  expect(days()).toEqual(before.slice(before.length - days().length));
  expect(days().length).toBeLessThanOrEqual(left);
  expect(await receive()).toEqual([]);
  journal.say(`at${percent}`, 100);
  await eventually("it is there", () => arrived(`at${percent}`) === 100, 30_000);
});

test("at 100 %, and with no day left, the receiver stops, everybody keeps his lines, and it goes on by itself", async () => {
  fill(100);
  while (days().length > 0) {
    await keep();
    fill(100);
  }
  await keep();
  expect(await receive()).toEqual(["stop"]);
  expect(problem()).toMatch(/there is no older day to remove|nearly full/);
  journal.say("full", 300);
  expect(await keep()).toEqual([]);
  expect(await receive()).toEqual([]);
  expect(arrived("full")).toBe(0);
  fill(50);
  expect(await receive()).toEqual(["start"]);
  await eventually("all of it is there", () => arrived("full") === 300, 60_000);
  await keep();
  expect(problem()).toBeUndefined();
});
