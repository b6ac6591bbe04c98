import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Host, LocalHost } from "@zcloud/host";
import { runPass } from "@zcloud/reconcile";
import { type Daemon, eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, bench, type Journal, startJournal } from "../rsyslog/rsyslog.test-support.ts";
import { createJournald } from "./daemon.ts";
import { renderJournald, settingsPath } from "./render.ts";

const GiB = 2 ** 30;
const limit = 12 * 2 ** 20;
const root = mkdtempSync(join(tmpdir(), "zc-room-"));
const local = new LocalHost();
const daemons: Daemon[] = [];
const dropped: number[] = [];
let site: Bench;
let journal: Journal;

/** The host whose journal this is: its commands run beside its journald, its files are below `root`. */
function hostOf(inside: readonly string[], bin: string): Host {
  const at = (path: string): string =>
    path.startsWith("/var/log/journal") ? path.replace("/var/log/journal", join(root, "journal")) : path;
  return {
    name: "local",
    run: (argv, options) =>
      argv[0] === "systemctl"
        ? local.run(["true"])
        : local.run([...inside, "env", `PATH=${bin}:${process.env["PATH"]}`, ...argv], options),
    read: (path) => local.read(path === settingsPath ? join(root, "settings") : at(path)),
    write: (path, content) => local.write(path === settingsPath ? join(root, "settings") : at(path), content),
    remove: (path) => local.remove(at(path)),
    list: (path) => local.list(at(path)),
    stat: (path) => local.stat(path === settingsPath ? join(root, "settings") : at(path)),
    close: () => Promise.resolve(),
  };
}

/** Numbers of the lines `<word> <n>` that znet has. */
function there(word: string): ReadonlySet<number> {
  const said = new RegExp(`"msg":"${word} (\\d+) `);
  return new Set(
    site
      .stored()
      .flatMap((text) => said.exec(text)?.[1] ?? [])
      .map(Number),
  );
}

beforeAll(async () => {
  site = await bench(root);
  journal = await startJournal(
    root,
    renderJournald(limit, false)
      .replace(/^RateLimit.*$/gm, "")
      .replace("[Journal]", "SystemMaxFileSize=1M\nSystemKeepFree=1M"),
  );
  daemons.push(journal.daemon);
});

afterAll(async () => {
  for (const daemon of daemons) await daemon.stop("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

test("znet is away until the journal is full: the oldest debug lines go, are counted, and all others arrive", async () => {
  let sender = await journal.send(site.senderConfig());
  const journald = createJournald({
    host: hostOf(journal.inside, journal.bin),
    cursor: join(root, "tx", "journal.cursor"),
    dropped: (lines) => dropped.push(lines),
    async unsent(work) {
      await sender.stop();
      await work();
      sender = await journal.send(site.senderConfig());
    },
  });
  const signal = AbortSignal.timeout(300_000);
  const pass = () => runPass(journald, { disk: GiB, size: limit }, { read: signal, write: signal });
  // Three times what the journal holds; a tenth of it must arrive.
  const rounds = 12;
  const [debug, info] = [2_700, 300];
  for (let round = 0; round < rounds; round += 1) {
    journal.say(`chatter${round}`, debug, "debug", () => "x");
    journal.say(`word${round}`, info, "info", () => "x");
    const done = await pass();
    expect(done.map(({ kind }) => kind).filter((kind) => kind === "write-file")).toEqual(
      round === 0 ? ["write-file"] : [],
    );
    expect(journald.backlog()?.bytes).toBeLessThan(limit * 1.2);
  }
  expect(dropped.length).toBeGreaterThan(0);
  expect(existsSync(join(site.store, "zfront"))).toBe(false);

  daemons.push(await site.receive());
  const words = () => Array.from({ length: rounds }, (_, round) => there(`word${round}`).size);
  await eventually("all others are there", () => words().every((size) => size === info), 60_000);
  const chatter = () => Array.from({ length: rounds }, (_, round) => there(`chatter${round}`).size);
  const told = dropped.reduce((sum, lines) => sum + lines, 0);
  // Never are fewer told than were lost.
  const lost = () => rounds * debug - chatter().reduce((sum, size) => sum + size, 0);
  await eventually("as many debug lines are missing as was told", () => lost() <= told, 30_000);
  expect(lost()).toBeGreaterThan(rounds * debug * 0.1);
  daemons.push(sender);
  // The oldest went first, and the newest are there.
  expect(chatter()).toEqual([...chatter()].sort((one, other) => one - other));
  expect(chatter().at(-1)).toBeGreaterThan(0);
}, 400_000);
