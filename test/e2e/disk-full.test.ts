import { afterEach, beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";
const store = "/var/log/zcloud";
let bed: Testbed;

beforeAll(async () => {
  bed = await openTestbed();
});

/** Directories of a host on a small file system of their own, with what is in them: as if its disk were so small. */
async function shrink(host: string, size: string, directories: readonly string[]): Promise<void> {
  const moves = directories.map((path) => {
    const there = `/run/small${path}`;
    return `mkdir -p ${there}; cp -a ${path}/. ${there}; mount --bind ${there} ${path}\n`;
  });
  await must(
    host,
    `set -e; mkdir /run/small; mount -t tmpfs -o size=${size},mode=755 tmpfs /run/small\n${moves.join("")}`,
  );
}

/** Fills it to so many percent. */
async function fill(host: string, percent: number): Promise<void> {
  const script = `set -e; rm -f /run/small/ballast
set -- $(df --block-size=1 --output=size,used /run/small | tail -1)
fallocate --length $(($1 * ${percent} / 100 - $2)) /run/small/ballast\n`;
  await must(host, script);
}

async function must(host: string, script: string): Promise<string> {
  const { status, stdout, stderr } = await bed.script(host, script);
  if (status !== 0) throw new Error(`${host}: ${stderr}`);
  return stdout;
}

/** Takes the small file system away, with what was written there since. */
async function give(host: string, directories: readonly string[]): Promise<void> {
  const back = directories.map((path) => `while mountpoint -q ${path}; do umount -l ${path}; done\n`).join("");
  await must(host, `${back}umount -l /run/small; rmdir /run/small\n`);
}

/** Everything that looks now and then looks now. */
const lookNow = (host: string): Promise<string> => must(host, `systemctl restart zcloud-${host.split("/")[1]}\n`);

const problems = async (host: string): Promise<string> => {
  const { stdout } = await bed.agent(host, "/v1/status");
  return JSON.stringify((JSON.parse(stdout) as { problems?: unknown }).problems ?? []);
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await eventually(
    "a quiet status",
    90,
    () => bed.zctl("status"),
    ({ status }) => status === 0,
  );
});

test("the disk of znet's log is full: its oldest days give way, names and time go on, and no line is lost", async () => {
  const receiver = () => must("north/znet", "systemctl restart zcloud-log-receiver zcloud-znet\n");
  // The receiver wants 512 MiB of it.
  await shrink("north/znet", "1400m", [store]);
  cleanups.push(async () => {
    await give("north/znet", [store]);
    await receiver();
  });
  await receiver();
  const old = [9, 8, 7].map((ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10));
  await must(
    "north/znet",
    old.map((day) => `head -c 50000000 /dev/zero | tr '\\0' x >${store}/zfront/${day}.jsonl\n`).join(""),
  );
  await fill("north/znet", 92);
  await lookNow("north/znet");
  const days = () => must("north/znet", `ls ${store}/zfront\n`);
  await eventually("the oldest day gave way", 60, days, (said) => !said.includes(old[0] ?? ""));
  await eventually(
    "it is told",
    30,
    () => problems("north/znet"),
    (said) => /\/run\/small is \d\d % full/.test(said),
  );
  // There is less than the receiver wants: it stops before it could write half a line.
  await eventually(
    "it takes nothing in",
    60,
    () => bed.script("north/znet", "systemctl is-active zcloud-log-receiver\n"),
    ({ stdout }) => stdout.trim() === "inactive",
  );
  await fill("north/znet", 100);
  await lookNow("north/znet");
  const text = `said while the disk was full ${Date.now()}`;
  await must("north/zpod1", `logger -t e2e '${text}'\n`);
  const { stdout: named } = await bed.sh("north/zpod1", ["getent", "hosts", "zfront.north.zcloud.internal"]);
  expect(named).toContain("10.64.1.3");
  expect((await bed.sh("north/zpod1", ["chronyc", "-n", "sources"])).stdout).toMatch(/\^\* 10\.64\.1\.2/);
  expect((await bed.get(hello, "north")).status).toBe(200);
  await eventually(
    "it is in the status",
    60,
    () => bed.zctl("status"),
    ({ stdout }) => /north\/znet .*\/run\/small is (99|100) % full/.test(stdout),
  );
  const { stdout: events } = await bed.zctl("events");
  expect(events).toMatch(/disk-filling/);
  await fill("north/znet", 20);
  await lookNow("north/znet");
  await eventually(
    "what was said meanwhile is there",
    90,
    () => bed.script("north/znet", `grep -h '${text}' ${store}/zpod1/2*.jsonl\n`),
    ({ stdout }) => stdout.trim().split("\n").length === 1 && stdout.includes(text),
  );
});

test("the disk of a front is full: what it serves it goes on to serve, also after its service starts anew", async () => {
  const places = ["/var/lib/zcloud", "/etc/haproxy"];
  const certificates = () => must("north/zfront", "sha256sum /var/lib/zcloud/zfront/certs/*.pem\n");
  const before = await certificates();
  await shrink("north/zfront", "24m", places);
  cleanups.push(async () => {
    await give("north/zfront", places);
    await lookNow("north/zfront");
  });
  await fill("north/zfront", 100);
  const load = bed.load("north", hello, 20, 50);
  await lookNow("north/zfront");
  await eventually(
    "it is told",
    60,
    () => problems("north/zfront"),
    (said) => /\/run\/small is 100 % full/.test(said),
  );
  expect(await load.report).toMatchObject({ failed: [] });
  expect((await bed.zctl("status")).stdout).toMatch(/north\/zfront .*\/run\/small is 100 % full/);
  // Neither the start nor the full disk is a reason to order anything anew.
  await cleanups.pop()?.();
  await eventually(
    "it is ready again",
    60,
    () => bed.agent("north/zfront", "/readyz"),
    ({ stdout }) => stdout.includes('"ready":true'),
  );
  expect(await certificates()).toBe(before);
});
