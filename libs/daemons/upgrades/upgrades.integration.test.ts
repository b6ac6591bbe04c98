import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LocalHost } from "@zcloud/host";
import { hostOf } from "@zcloud/map";
import { debian, golden, rootfsPath, tempDir } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { labMap } from "../unbound/lab-map.test-support.ts";
import { desiredUpgrades } from "./index.ts";
import { renderApt, renderGuard, renderRecord, upgradePlaces } from "./render.ts";
import { onCalendar, scheduleOf } from "./schedule.ts";

const local = new LocalHost();
const base = tempDir("zc-upgrades-");
const map = labMap();
const [north, south] = ["north/zfront", "south/zpod1"].map((id) => hostOf(map, id));
let peer: Server;
let peerAddress: string;

beforeAll(async () => {
  peer = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  peerAddress = `127.0.0.1:${(peer.address() as AddressInfo).port}`;
  mkdirSync(join(base, "bin"));
  writeFileSync(join(base, "bin/date"), '#!/bin/sh\nexec /bin/date -u -d "$NOW" "+%s"\n');
  // Nobody waits for the second try here.
  writeFileSync(join(base, "bin/sleep"), "#!/bin/sh\n");
  for (const name of ["date", "sleep"]) chmodSync(join(base, "bin", name), 0o755);
});
afterAll(() => new Promise((resolve) => peer.close(resolve)));

async function guard(now: string, at: string | undefined, self = north): Promise<readonly [number, string]> {
  if (self === undefined) throw new Error("no such host");
  const path = join(base, "guard");
  writeFileSync(path, renderGuard(scheduleOf(map, self), at));
  const env = { NOW: now, PATH: `${join(base, "bin")}:${process.env["PATH"]}` };
  const { status, stdout } = await local.run(["sh", path], { env });
  return [status, stdout.trim()];
}

// 2026-11-23 is a Monday; the window is 02:00 to 04:00.
test.each([
  ["2026-11-23 02:00:00", 0, ""],
  ["2026-11-23 03:00:59", 0, ""],
  ["2026-11-23 03:01:00", 1, "too late"],
  ["2026-11-23 01:59:59", 1, "other site's day"],
  ["2026-11-24 02:30:00", 1, "other site's day"],
  ["2026-11-27 02:30:00", 0, ""],
  ["2026-11-29 02:30:00", 1, "other site's day"],
])("the first site's guard at %s: %i", async (now, status, said) => {
  expect(await guard(now, peerAddress)).toEqual([status, expect.stringContaining(said)]);
});

test("the second site's guard: its own days", async () => {
  expect((await guard("2026-11-24 02:30:00", peerAddress, south))[0]).toBe(0);
  expect((await guard("2026-11-23 02:30:00", peerAddress, south))[0]).toBe(1);
});

test("a site is left alone while the other one's front does not answer", async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  expect(await guard("2026-11-23 02:30:00", `127.0.0.1:${port}`)).toEqual([1, expect.stringContaining("not touched")]);
  expect((await guard("2026-11-23 02:30:00", undefined))[0]).toBe(0);
});

test("the record: how and when, the last good one apart; what was not begun is none", async () => {
  writeFileSync(join(base, "record"), renderRecord(base));
  const record = (result: string, now: string) =>
    local.run(["sh", join(base, "record")], {
      env: { SERVICE_RESULT: result, NOW: now, PATH: `${join(base, "bin")}:${process.env["PATH"]}` },
    });
  await record("success", "2026-11-23 02:00:00");
  await record("timeout", "2026-11-25 02:00:00");
  await record("exec-condition", "2026-11-27 02:00:00");
  const at = (text: string) => Date.parse(text) / 1_000;
  expect(await local.read(join(base, "last"))).toBe(`timeout ${at("2026-11-25T02:00:00Z")}\n`);
  expect(await local.read(join(base, "success"))).toBe(`${at("2026-11-23T02:00:00Z")}\n`);
});

test("the hosts' systemd knows the timer and every setting", () => {
  const [program, ...args] = debian(
    "/usr/bin/systemd-analyze",
    "calendar",
    "--iterations=2",
    onCalendar(scheduleOf(map, hostOf(map, "north/zfront"))),
  );
  const said = execFileSync(program, args, { encoding: "utf8", env: { ...process.env, TZ: "UTC" } });
  expect(said).toMatch(/Normalized form: Mon,Wed,Fri \*-\*-\* 02:36:00 UTC/);
  const directory = join(base, "units");
  mkdirSync(directory);
  const { files } = desiredUpgrades(map, hostOf(map, "north/zfront"));
  const complaints = (change: (text: string) => string) => {
    for (const path of [upgradePlaces.service, upgradePlaces.timer]) {
      // What it starts is not on this machine.
      const text = (files.get(path)?.content ?? "").replace(/^(Exec\w+)=.*$/gm, "$1=/bin/true");
      writeFileSync(join(directory, path.slice(path.lastIndexOf("/") + 1)), change(text));
    }
    const [verify, ...words] = debian(
      "/usr/bin/systemd-analyze",
      "verify",
      "--man=no",
      "--recursive-errors=no",
      join(directory, "zcloud-upgrades.timer"),
      join(directory, "zcloud-upgrades.service"),
    );
    const { stdout, stderr } = spawnSync(verify, words, { encoding: "utf8" });
    return `${stdout}${stderr}`;
  };
  expect(complaints((text) => text)).not.toMatch(/zcloud-upgrades\.(timer|service):\d+/);
  expect(complaints((text) => text.replace("Persistent", "Persistence"))).toMatch(/timer:\d+: Unknown key/);
});

test("real unattended-upgrade takes what the security archive has, nothing else, and leaves our files alone", async () => {
  mkdirSync(join(base, "layer"));
  writeFileSync(join(base, "apt.conf"), renderApt("never"));
  const script = fileURLToPath(new URL("upgrade.test-support.sh", import.meta.url));
  const namespaces = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=KILL"];
  const argv = [...namespaces, "sh", script, join(base, "layer"), rootfsPath, join(base, "apt.conf")];
  const { status, stdout, stderr } = await local.run(argv, { timeout: 100_000 });
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain("zc-risky 1.1 install ok installed\n");
  expect(stdout).toContain("zc-plain 1.0 install ok installed\n");
  expect(stdout).toContain("conf: ours\n");
  expect(stdout).toContain("update failed\n");
}, 120_000);

test.each(["north/zfront", "south/zpod1"])("golden files of %s", (id) => {
  const { files } = desiredUpgrades(map, hostOf(map, id));
  const text = [...files].map(([path, { content }]) => `==> ${path}\n${content}`).join("\n");
  golden(new URL(`golden/${id.replace("/", "-")}`, import.meta.url), text);
});

test("the image brings unattended-upgrade, and no cron", () => {
  const [program, ...args] = [
    "chroot",
    rootfsPath,
    "dpkg-query",
    "--show",
    "--showformat",
    "${Package} ${db:Status-Status}\n",
  ];
  const installed = execFileSync(program ?? "", args, { encoding: "utf8" }).split("\n");
  expect(installed).toContain("unattended-upgrades installed");
  expect(
    installed.filter((line) => /^(cron|cron-daemon-common|anacron|systemd-cron|bcron|cronie) /.test(line)),
  ).toEqual([]);
});
