import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { eventually } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRsyslog } from "./daemon.ts";
import type { RsyslogAction, RsyslogDesired } from "./plan.ts";
import { renderReceiver } from "./render.ts";
import { type Bench, bench, map, rsyslogd } from "./rsyslog.test-support.ts";

const root = mkdtempSync(join(tmpdir(), "zc-rsyslogd-"));
const pid = join(root, "pid");
const places = {
  unit: "x",
  config: join(root, "it.conf"),
  unitFile: join(root, "x.service"),
  enabled: pid,
  state: root,
};
const { signal } = new AbortController();
let site: Bench;
let desired: RsyslogDesired;
let receiver: ReturnType<typeof createRsyslog>;

async function pass(wanted = desired): Promise<readonly string[]> {
  const planned: readonly RsyslogAction[] = receiver.plan(wanted, await receiver.observe(signal));
  for (const action of planned) await receiver.apply(action, signal);
  return planned.map(({ kind, change, subject }) => `${kind} ${change} ${subject}`);
}

beforeAll(async () => {
  site = await bench(root);
  const listen = ({ name }: { name: string }) => ({ address: "127.0.0.1", port: site.ports.get(name) ?? 0 });
  const config = renderReceiver(map, "north", {
    listen,
    store: site.store,
    state: root,
    identity: site.identityOf("znet"),
  });
  desired = {
    config,
    unitFiles: new Map([[places.unitFile, { content: "unit\n", mode: 0o644 }]]),
    listens: [...site.ports.values()].map((port) => `127.0.0.1:${port}`),
  };
  const alive = `test -e ${pid} && test "$(cat /proc/$(cat ${pid})/cmdline | wc -c)" -gt 0`;
  const server = rsyslogd("-n", "-i", "NONE", "-f", places.config).join(" ");
  const start = `${alive} || { setsid ${server} >>${root}/log 2>&1 & echo $! >${pid}; }`;
  receiver = createRsyslog("log-receiver", {
    host: new LocalHost(),
    places,
    store: site.store,
    unitPaths: [places.unitFile],
    identity: site.identityOf("znet"),
    verbs: {
      check: (path) => rsyslogd("-N1", "-f", path),
      running: ["sh", "-c", alive],
      start: ["sh", "-c", start],
      restart: ["sh", "-c", `kill "$(cat ${pid})"; while ${alive}; do sleep 0.05; done; ${start}`],
      stop: ["sh", "-c", `kill "$(cat ${pid})"; while ${alive}; do sleep 0.05; done`],
      unitChanged: ["true"],
    },
  });
});

afterAll(() => {
  try {
    process.kill(Number(readFileSync(pid, "utf8")));
  } catch {
    // It never started.
  }
  rmSync(root, { recursive: true, force: true });
});

test("from nothing: unit, check, start, and it listens for every host; then nothing is left to do", async () => {
  expect(await pass()).toEqual(["write-unit + x.service", "configure + log-receiver.conf"]);
  expect(await pass()).toEqual([]);
});

test("what rsyslogd refuses changes nothing", async () => {
  const before = readFileSync(places.config, "utf8");
  const config = desired.config.replace('module(load="imrelp"', 'module(load="imnothing"');
  await expect(pass({ ...desired, config })).rejects.toThrow(/nothing was changed/);
  expect(readFileSync(places.config, "utf8")).toBe(before);
  expect(await pass()).toEqual([]);
});

test("one that died is started again", async () => {
  process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
  await eventually("it is gone", async () => !(await receiver.observe(signal)).running);
  expect(await pass()).toEqual(["start + log-receiver"]);
  expect(await pass()).toEqual([]);
});

test("without room it is stopped, so that it acknowledges nothing, and started again when there is", async () => {
  const full = { ...desired, needs: Number.MAX_SAFE_INTEGER };
  expect(await pass(full)).toEqual(["stop ~ log-receiver"]);
  expect(await pass(full)).toEqual([]);
  expect(await pass()).toEqual(["start + log-receiver"]);
});
