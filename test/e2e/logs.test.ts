import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";
let bed: Testbed;

/** Lines of a host's file of today at its site's znet that have this text. */
async function stored(host: string, text: string, kind = ""): Promise<readonly string[]> {
  const [site, name] = host.split("/");
  const { stdout } = await bed.script(`${site}/znet`, `grep -hF '${text}' /var/log/zcloud/${name}/${kind}2*.jsonl\n`);
  return stdout.split("\n").filter((line) => line !== "");
}

const say = (host: string, text: string) => bed.script(host, `logger -t e2e '${text}'\n`);

beforeAll(async () => {
  bed = await openTestbed();
});

afterAll(async () => {
  await bed.powerOn("north/znet");
  await eventually(
    "a quiet status",
    90,
    () => bed.zctl("status"),
    ({ status }) => status === 0,
  );
});

test("a request at the front is a JSON line in the site's access log, and no line of the front's journal", async () => {
  const path = `/logged-${Date.now()}`;
  await bed.get(`${hello}${path.slice(1)}`, "north");
  const lines = await eventually(
    "the line is there",
    10,
    () => stored("north/zfront", path, "access-"),
    ({ length }) => length > 0,
  );
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ site: "north", tenant: "demo", endpoint: "demo/hello/web", path });
  expect(await stored("north/zfront", path)).toEqual([]);
});

test("what every host says is in its own file", async () => {
  const text = `everybody ${Date.now()}`;
  const hosts = bed.map.sites.flatMap(({ hosts: all }) => all.filter(({ role }) => role !== "zcloud"));
  await Promise.all(hosts.map(({ id }) => say(id, text)));
  for (const { id } of hosts) {
    const lines = await eventually(
      `${id}'s line is there`,
      45,
      () => stored(id, text),
      ({ length }) => length > 0,
    );
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ tag: "e2e", msg: text, level: "notice" });
  }
});

test("a container's line says whose it is", async () => {
  const text = `from inside ${Date.now()}`;
  const talk = `podman exec "$(podman ps -q -f label=zcloud.project=hello -f label=zcloud.service=web | head -1)" sh -c 'echo ${text} >/proc/1/fd/1'\n`;
  await bed.script("north/zpod1", talk);
  const lines = await eventually(
    "the line is there",
    10,
    () => stored("north/zpod1", `"msg":"${text}"`),
    ({ length }) => length > 0,
  );
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ service: "demo/hello/web" });
});

test("zctl logs shows both sites' hosts as one, by a text, in order of time", async () => {
  const text = `both ${Date.now()}`;
  for (const host of ["north/zstore", "south/zstore", "north/zmah1"]) await say(host, text);
  const { stdout } = await eventually(
    "all three are there",
    45,
    () => bed.zctl("logs", "--grep", text, "--since", "5m", "--json"),
    ({ stdout: found }) => found.trim().split("\n").length === 3,
  );
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { host: string; msg: string });
  expect(lines.map(({ host }) => host)).toEqual(["north/zstore", "south/zstore", "north/zmah1"]);
  const screen = await bed.zctl("logs", "north/zstore", "--grep", text, "--since", "5m");
  expect(screen.stdout).toMatch(new RegExp(`north/zstore {3}e2e(\\[\\d+\\])?: ${text}\n$`));
});

test("znet is off: everybody goes on, and what is said meanwhile arrives when it is back, requests too", async () => {
  await bed.powerOff("north/znet");
  const mark = `${Date.now()}`;
  for (let n = 0; n < 20; n += 1) await say("north/zpod1", `off ${mark} ${n}`);
  const during = await bed.get(`${hello}off-${mark}`, "north");
  expect(during).toMatchObject({ site: "north" });
  const halved = await bed.zctl("logs", "--limit", "1");
  expect(halved).toMatchObject({ status: 3 });
  expect(halved.stdout).toContain("south/");
  expect(halved.stderr).toMatch(/north\/znet is unreachable from here/);
  // A power cut of the sender, too: what waits is on disk.
  await bed.script("north/zstore", `logger -t e2e 'cut ${mark}'; journalctl --sync\n`);
  await bed.powerOff("north/zstore");
  await bed.powerOn("north/zstore", "north/znet");
  await eventually(
    "all of it is there",
    90,
    () => stored("north/zpod1", `off ${mark}`),
    (lines) => new Set(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).size === 20,
  );
  for (const [host, text, kind] of [
    ["north/zstore", `cut ${mark}`, ""],
    ["north/zfront", `/off-${mark}`, "access-"],
  ] as const) {
    await eventually(
      `${text} is there`,
      60,
      () => stored(host, text, kind),
      ({ length }) => length > 0,
    );
  }
});

test("a front whose log sender is down goes on serving", async () => {
  await bed.script("south/zfront", "systemctl stop zcloud-log-sender\n");
  for (let n = 0; n < 20; n += 1) expect(await bed.get(hello, "south")).toMatchObject({ status: 200 });
  await bed.script("south/zfront", "systemctl start zcloud-log-sender\n");
});
