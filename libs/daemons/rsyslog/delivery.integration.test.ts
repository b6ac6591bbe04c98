import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, debian, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, bench, type Journal, startJournal } from "./rsyslog.test-support.ts";

/** A line as the query API and others may rely on it. */
interface Line {
  readonly at: string;
  readonly level: string;
  readonly unit: string;
  readonly tag: string;
  readonly pid: string;
  readonly service: string;
  readonly msg: string;
}

const root = mkdtempSync(join(tmpdir(), "zc-logs-"));
const socket = join(root, "access");
let site: Bench;
let journal: Journal;
let receiver: Daemon;
let sender: Daemon;

const lines = (): readonly Line[] => site.stored().map((text) => JSON.parse(text) as Line);

/** Which of the lines `<word> <n>` are missing. */
function missing(word: string, count: number): readonly number[] {
  const there = new Set(lines().map(({ msg }) => msg));
  return Array.from({ length: count }, (_, n) => n).filter((n) => !there.has(`${word} ${n}`));
}

async function arrives(word: string, count: number): Promise<void> {
  await eventually(`all of ${word} is there`, () => missing(word, count).length === 0, 60_000);
}

async function lineThat(says: (line: Line) => boolean): Promise<Line> {
  await eventually("the line is there", () => lines().some(says));
  return lines().find(says) as Line;
}

/** As HAProxy does. */
function leave(text: string): void {
  writeFileSync(join(root, "datagram"), text);
  const [program, ...args] = debian("/usr/bin/socat", "-u", `OPEN:${root}/datagram`, `UNIX-SENDTO:${socket}`);
  execFileSync(program, args);
}

beforeAll(async () => {
  site = await bench(root);
  journal = await startJournal(root);
  receiver = await site.receive();
  sender = await journal.send(site.senderConfig());
});

afterAll(async () => {
  for (const daemon of [sender, receiver, journal?.daemon]) await daemon?.stop("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

test("what a host's journal has is in its file at znet, a JSON object a line", async () => {
  journal.say("hello", 500);
  await arrives("hello", 500);
  const line = await lineThat(({ msg }) => msg === "hello 7");
  expect(line).toMatchObject({ level: "info", tag: "test", service: "" });
  expect(line.at).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{6}\+00:00$/);
  expect(lines().filter(({ msg }) => msg.startsWith("hello "))).toHaveLength(500);
});

test("a container's line says tenant, stack and service, and its level", async () => {
  journal.entry({ MESSAGE: "from inside", PRIORITY: "4", CONTAINER_TAG: "demo/hello/web", SYSLOG_IDENTIFIER: "x" });
  expect(await lineThat(({ msg }) => msg === "from inside")).toMatchObject({
    service: "demo/hello/web",
    level: "warning",
  });
});

test("a line can be neither another line, nor a terminal's command, nor endless", async () => {
  journal.entry({ MESSAGE: `evil \u001b[2J"},{"at":"now %s %msg% \\n`, PRIORITY: "6", SYSLOG_IDENTIFIER: 'a"b' });
  const evil = await lineThat(({ msg }) => msg.startsWith("evil"));
  expect(evil.msg).toContain('"},{"at":"now %s %msg%');
  const raw = site.stored().find((text) => text.includes("evil")) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  expect(raw).not.toMatch(/[\u0000-\u001f\u007f]/);
  journal.entry({ MESSAGE: `huge ${"x".repeat(1_000_000)}`, PRIORITY: "6" });
  const huge = await lineThat(({ msg }) => msg.startsWith("huge"));
  expect(huge.msg.length).toBeLessThanOrEqual(32_768);
  expect(huge.msg.length).toBeGreaterThan(8_000);
  journal.say("after", 1);
  await arrives("after", 1);
});

test("a receiver that is killed again and again while lines come loses none", async () => {
  for (let round = 0; round < 3; round += 1) {
    journal.say(`round${round}`, 3_000);
    await receiver.stop("SIGKILL");
    receiver = await site.receive();
  }
  for (let round = 0; round < 3; round += 1) await arrives(`round${round}`, 3_000);
});

test("half a line, as a power cut may leave it, spoils no other", async () => {
  await receiver.stop("SIGKILL");
  const [day = ""] = readdirSync(join(site.store, "zfront")).filter((name) => !name.startsWith("access-"));
  appendFileSync(join(site.store, "zfront", day), '{"at":"2026-11-2');
  receiver = await site.receive();
  journal.say("whole", 1);
  await eventually("it is a line of its own", () => site.stored().some((text) => /^{.*"msg":"whole 0"}$/.test(text)));
  const path = join(site.store, "zfront", day);
  writeFileSync(path, readFileSync(path, "utf8").replace('{"at":"2026-11-2\n', ""));
});

test("what is said while znet is away waits in the journal, over a kill of the sender, and arrives", async () => {
  await receiver.stop("SIGKILL");
  journal.say("away", 2_000);
  await sender.stop("SIGKILL");
  sender = await journal.send(site.senderConfig());
  journal.say("later", 10);
  receiver = await site.receive();
  await arrives("away", 2_000);
  await arrives("later", 10);
});

test("a sender that is killed in the middle loses nothing", async () => {
  for (let round = 0; round < 3; round += 1) {
    journal.say(`kill${round}`, 3_000);
    await sender.stop("SIGKILL");
    sender = await journal.send(site.senderConfig());
  }
  for (let round = 0; round < 3; round += 1) await arrives(`kill${round}`, 3_000);
});

test("a host can't write another's log: its certificate does not open the other's port", async () => {
  await sender.stop();
  sender = await journal.send(site.senderConfig(site.identityOf("zpod1")));
  journal.say("forged", 1);
  await eventually("it is refused", () => receiver.said().includes("authentication error"));
  expect(missing("forged", 1)).toEqual([0]);
  await sender.stop();
  sender = await journal.send(site.senderConfig());
  await arrives("forged", 1);
});

test("HAProxy's line goes past the journal into a file of its own as it is; one that lies about its form stays one line", async () => {
  await sender.stop();
  sender = await journal.send(site.senderConfig(undefined, socket));
  await eventually("the socket is there", () =>
    execFileSync("sh", ["-c", `test -S ${socket} && echo yes || true`]).includes("yes"),
  );
  const line = '{"at":"2026-11-23T05:00:00.000+0000","site":"north","path":"/a#22b","status":200}';
  leave(`<142>Nov 23 05:00:00 haproxy[12]: ${line}`);
  await eventually("it is there", () => site.stored("access-").includes(line));
  leave(`<142>Nov 23 05:00:00 haproxy[12]: one\ntwo\u001b[2J`);
  leave(`<142>Nov 23 05:00:00 haproxy[12]: ${line.replace("200", "201")}`);
  await eventually("what comes after is there", () => site.stored("access-").some((text) => text.includes("201")));
  expect(site.stored("access-").filter((text) => text.startsWith("one"))).toEqual(["one#012two#033[2J"]);
  expect(site.stored().some((text) => text.includes("haproxy[12]"))).toBe(false);
});

test("a last line that znet took in and lost arrives, though nothing is said after it", async () => {
  journal.say("warm", 1);
  await arrives("warm", 1);
  receiver.signal("SIGSTOP");
  journal.say("last", 1);
  leave(`<142>Nov 23 05:00:00 haproxy[12]: {"path":"/last"}`);
  // It is on its way when the kernel has taken it for the receiver that does not read.
  await eventually("it was sent", () => queued() > 0);
  await receiver.stop("SIGKILL");
  receiver = await site.receive();
  await arrives("last", 1);
  await eventually("the access line, too", () => site.stored("access-").includes('{"path":"/last"}'));
  expect(site.stored().some((text) => text.includes("MARK"))).toBe(false);
  expect(site.stored("access-").some((text) => text.includes("MARK"))).toBe(false);
});

/** Bytes that wait in the receiver's sockets, unread (proc(5), /proc/net/tcp). */
function queued(): number {
  const port = (site.ports.get("zfront") ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const sockets = readFileSync("/proc/net/tcp", "utf8").split("\n");
  const own = sockets.filter((line) => new RegExp(`^ *\\d+: [0-9A-F]{8}:${port} \\S+ 01 `).test(line));
  return Math.min(...own.map((line) => Number.parseInt(/:([0-9A-F]{8}) [0-9A-F]{2}:/.exec(line)?.[1] ?? "0", 16)));
}
