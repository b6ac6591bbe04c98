import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, debian, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { renderTurn } from "./access-again.ts";
import { type Bench, bench, type Journal, startJournal } from "./rsyslog.test-support.ts";
import { backToPath } from "./units.ts";

const root = mkdtempSync(join(tmpdir(), "zc-access-"));
const socket = join(root, "access");
const state = join(root, "tx");
const places = { unit: "", config: join(root, "sender.conf"), unitFile: "", enabled: "", state };
/** Bytes of one of the two files; small, so that they are turned. */
const turn = { script: join(root, "turn"), bytes: 45_000 };
let site: Bench;
let journal: Journal;
let receiver: Daemon;
let sender: Daemon;

const now = (): number => Math.floor(Date.now() / 1_000);
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/** As HAProxy does, a line each. */
function leave(word: string, count: number): void {
  for (let n = 0; n < count; n += 1) {
    const line = JSON.stringify({ v: 1, at: new Date().toISOString(), word, n, filler: "x".repeat(300) });
    writeFileSync(join(root, "datagram"), `<142>Nov 23 05:00:00 haproxy[12]: ${line}`);
    const [program, ...args] = debian("/usr/bin/socat", "-u", `OPEN:${root}/datagram`, `UNIX-SENDTO:${socket}`);
    execFileSync(program, args);
  }
}

/** How often each line of a word is stored. */
function copies(word: string): readonly number[] {
  const counts: number[] = [];
  for (const text of site.stored("access-")) {
    const line = JSON.parse(text) as { word: string; n: number };
    if (line.word === word) counts[line.n] = (counts[line.n] ?? 0) + 1;
  }
  return [...counts].map((count) => count ?? 0);
}

/** What had not been written out is gone with znet's power. */
function forget(words: readonly string[]): void {
  const directory = join(site.store, "zfront");
  for (const name of readdirSync(directory).filter((file) => file.startsWith("access-"))) {
    const path = join(directory, name);
    const left = readFileSync(path, "utf8")
      .split("\n")
      .filter((text) => !words.some((word) => text.includes(`"${word}"`)));
    writeFileSync(path, left.join("\n"));
  }
}

/** A start of the sender, told by its host's service (again.ts). */
async function again(since: number): Promise<void> {
  const cursor = readFileSync(`${state}/journal.cursor`, "utf8").trim();
  writeFileSync(backToPath(places), `${cursor}\n${since}\n`);
  await sender.stop();
  await start();
  rmSync(backToPath(places));
}

async function start(): Promise<void> {
  sender = await journal.send(site.senderConfig(undefined, socket, turn));
  await eventually("the socket is there", () => existsSync(socket));
}

beforeAll(async () => {
  site = await bench(root);
  writeFileSync(turn.script, renderTurn(places));
  journal = await startJournal(root);
  receiver = await site.receive();
  await start();
  // It writes down where it is every 64 lines.
  journal.say("journal", 100);
  await eventually("the sender has written down where it is", () => existsSync(`${state}/journal.cursor`));
});

afterAll(async () => {
  for (const daemon of [sender, receiver, journal?.daemon]) await daemon?.stop("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

test("access lines that znet took in last and lost with its power are sent again, older ones are not; over a turn of the file", async () => {
  leave("before", 5);
  await eventually("it is there", () => copies("before").length === 5);
  await pause(2);
  const since = now();
  leave("turned", 60);
  leave("lost", 10);
  await eventually("all is there", () => copies("lost").length === 10 && copies("turned").length === 60);
  // What is among the last 128 (RELP's window) may be sent again in any case.
  leave("next", 140);
  await eventually("what comes next is there", () => copies("next").length === 140);
  expect(existsSync(`${state}/access-sent.1`)).toBe(true);
  const sizes = ["", ".1"].map((end) => readFileSync(`${state}/access-sent${end}`).length);
  expect(Math.max(...sizes)).toBeLessThan(2 * turn.bytes);

  await receiver.stop("SIGKILL");
  forget(["lost"]);
  receiver = await site.receive();
  leave("back", 1);
  await eventually("what comes next is there, and what was lost is not", () => copies("back").length === 1);
  expect(copies("lost")).toEqual([]);
  await again(since);
  await eventually("what was lost is there", () => copies("lost").length === 10);
  expect(copies("before")).toEqual(Array(5).fill(1));
  // The file was read to its end, and is not read again.
  leave("after", 1);
  await eventually("what comes after is there", () => copies("after").length === 1);
  const once = copies("lost");
  await sender.stop();
  await start();
  leave("after", 2);
  await eventually("what comes after is there", () => copies("after").length === 2);
  expect(copies("lost")).toEqual(once);
});

test("lines that waited for znet count from when they were sent, whatever they say themselves", async () => {
  await receiver.stop("SIGKILL");
  leave("waited", 3);
  await pause(3);
  const since = now();
  receiver = await site.receive();
  await eventually("they are there", () => copies("waited").length === 3);
  forget(["waited"]);
  await again(since);
  await eventually("they are there again", () => copies("waited").length === 3);
});
