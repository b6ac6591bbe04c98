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

test("a tenant reads its own lines through either front, with its token, and nobody else's", async () => {
  const mark = `tenant ${Date.now()}`;
  const native = (service: string, text: string) =>
    `printf 'MESSAGE=${text}\\nCONTAINER_TAG=${service}\\n' | logger --journald\n`;
  await bed.script(
    "north/zpod1",
    native("demo/hello/web", `${mark} mine`) + native("garden/wiki/web", `${mark} theirs`) + `logger '${mark} host'\n`,
  );
  const url = `https://logs.lab.example/north/?since=5m&grep=${encodeURIComponent(mark)}`;
  const bearer = (token: string) => ["-H", `authorization: Bearer ${token}`];
  await eventually(
    "all three are stored",
    45,
    () => stored("north/zpod1", mark),
    ({ length }) => length >= 3,
  );
  for (const door of ["north", "south"]) {
    const { status, body } = await eventually(
      `the door of ${door} has its certificate`,
      90,
      () => bed.get(url, door, ...bearer("zcl_lab-demo-0123456789")),
      (answer) => answer.status === 200,
    );
    expect(status).toBe(200);
    const lines = body.trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([`${mark} mine`]);
  }
  expect(await bed.get(url, "north", ...bearer("zcl_lab-demo-9876543210"))).toMatchObject({ status: 401 });
  expect(await bed.get(`${url}&host=znet`, "north", ...bearer("zcl_lab-demo-0123456789"))).toMatchObject({
    status: 400,
  });
  // No way around the front.
  const { address } = bed.map.sites.flatMap(({ hosts }) => hosts).find(({ id }) => id === "north/znet") ?? {};
  const around = await bed.script("north/zpod1", `curl -sS -m 3 http://${address}:9552/north/healthz\n`);
  expect(around.status).not.toBe(0);
});

test("znet is off: everybody goes on, and what is said meanwhile arrives when it is back, requests too", async () => {
  const noted = () => bed.script("north/zpod1", "cat /var/lib/zcloud/zpod/log-sent.json\n");
  const serverOf = (text: string) => (JSON.parse(text || "{}") as { server?: string }).server;
  const before = await eventually(
    "what was sent is noted",
    30,
    async () => serverOf((await noted()).stdout),
    (server) => server !== undefined,
  );
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
  await eventually(
    "what znet's disk may not have is sent again",
    60,
    async () => serverOf((await noted()).stdout),
    (server) => server !== undefined && server !== before,
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
