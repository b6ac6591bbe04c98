import { readdirSync, readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { loopbackMap, testNode, testSecrets } from "./cluster.test-support.ts";
import { probePool } from "./index.ts";

const map = loopbackMap();
const secrets = testSecrets();
const north = await testNode(map, "north", secrets, true);
const south = await testNode(map, "south", secrets, false);
const witness = await testNode(map, "witness", secrets, false);
const all = [north, south, witness];
afterAll(() => Promise.all(all.map((node) => node.powerOff())));

/** Who is in the quorum, as the monitors answer north's service; undefined: they don't. */
async function quorum(timeout = 5): Promise<readonly string[] | undefined> {
  const signal = AbortSignal.timeout(60_000);
  const [said] = (await north.monitors.ask([{ prefix: "quorum_status", format: "json" }], { signal, timeout })) ?? [];
  if (said === undefined) return undefined;
  return (JSON.parse(said.out.toString()) as { quorum_names: string[] }).quorum_names.sort();
}

/** Programs that ask, started by this test. */
function programs(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, parent] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("python3\0");
      } catch {
        return false;
      }
    });
}

test("a cluster comes up whose sites ask through one program each", { timeout: 240_000 }, async () => {
  await north.settle(() => north.report()?.osds.up === 1);
  await Promise.all([south.settle(() => south.report()?.osds.up === 2), witness.settle()]);
  await north.settle(() => north.report()?.health === "HEALTH_OK");
  expect(await quorum()).toEqual(["north", "south", "witness"]);
  expect(programs()).toHaveLength(2);
});

test("many questions at once are answered each, and what Ceph refuses is no answer to the next", async () => {
  const signal = AbortSignal.timeout(60_000);
  const prefixes = ["mon dump", "osd dump", "no such thing", "fs dump", "status"];
  const answers = await Promise.all(
    prefixes.map((prefix) => north.monitors.ask([{ prefix, format: "json" }], { signal })),
  );
  expect(answers.map((said) => said?.[0]?.status)).toEqual([0, 0, -22, 0, 0]);
  const one = await north.monitors.ask([{ prefix: "no such thing" }, { prefix: "fsid" }], { signal });
  expect(one).toHaveLength(1);
  const both = await north.monitors.ask([{ prefix: "no such thing" }, { prefix: "fsid" }], { signal, all: true });
  expect(both?.[1]?.out.toString().trim()).toBe(secrets.fsid);
});

test("it needs little memory, and no file or argument of it has a key", async () => {
  for (const pid of programs()) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kib = (what: string) => Number(new RegExp(`^${what}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    expect(kib("RssAnon")).toBeLessThan(60_000);
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(secrets.admin);
  }
});

test("a killed program comes back with the next question", async () => {
  const before = programs();
  for (const pid of before) process.kill(pid, "SIGKILL");
  await expect.poll(programs).toEqual([]);
  // A question that met its end is lost, and says so.
  await expect.poll(() => quorum().catch(String)).toHaveLength(3);
  await south.settle();
  const after = programs();
  expect(after).toHaveLength(2);
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
});

test("without a quorum it says so within its time, and answers again after it, on the same connection", {
  timeout: 120_000,
}, async () => {
  const before = programs();
  for (const node of [south, witness]) node.send("mon", "SIGSTOP");
  // A monitor goes by what it knew of the quorum until its lease is over.
  await expect.poll(() => quorum(3), { timeout: 30_000 }).toBeUndefined();
  // Five seconds beyond its time and the program would have been killed.
  expect(await Promise.all([quorum(1), quorum(2), quorum(4)])).toEqual([undefined, undefined, undefined]);
  for (const node of [south, witness]) node.send("mon", "SIGCONT");
  await expect.poll(() => quorum(), { timeout: 60_000 }).toContain("south");
  expect(programs()).toEqual(before);
});

test("a write hangs while no disk takes it and holds up no question, and is acknowledged in the end", {
  timeout: 120_000,
}, async () => {
  const { signal } = new AbortController();
  const write = () => north.monitors.write({ pool: probePool, object: "test" }, signal);
  await expect.poll(() => write().catch(String), { timeout: 60_000, interval: 1_000 }).toBeGreaterThan(0);
  for (const node of [north, south]) node.send("osd", "SIGSTOP");
  let acknowledged: number | undefined;
  const stalled = write().then((seconds) => {
    acknowledged = seconds;
  });
  for (let times = 0; times < 3; times++) {
    expect(await quorum()).toHaveLength(3);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(acknowledged).toBeUndefined();
  for (const node of [north, south]) node.send("osd", "SIGCONT");
  await stalled;
  expect(acknowledged).toBeGreaterThan(0);
  await expect(north.monitors.write({ pool: "none", object: "test" }, signal)).rejects.toThrow("write to none: ");
  const read = ["rados", "--pool", probePool, "--namespace", "zcloud", "get", "test", "-"];
  expect((await north.host.run(read)).stdout).toMatch(/\d\d:\d\d:\d\d \d{4}$/);
});

test("a program that the cluster shut out is replaced with the next question, and writes again", {
  timeout: 120_000,
}, async () => {
  const { signal } = new AbortController();
  const write = () => north.monitors.write({ pool: probePool, object: "test" }, signal);
  const before = programs();
  const addresses = new Set<string>();
  for (const { name } of all) {
    const { stdout } = await north.host.run(["ceph", "tell", `mon.${name}`, "sessions", "--format", "json"]);
    type Sessions = { entity_name: string; addrs: { addrvec: { addr: string; nonce: number }[] } }[];
    for (const { entity_name, addrs } of JSON.parse(stdout) as Sessions)
      if (entity_name === "client.admin")
        for (const { addr, nonce } of addrs.addrvec) addresses.add(`${addr}/${nonce}`);
  }
  for (const address of addresses) await north.host.run(["ceph", "osd", "blocklist", "add", address, "60"]);
  await expect.poll(() => write().then(() => "", String), { timeout: 30_000, interval: 200 }).toMatch(/write to /);
  await expect.poll(() => quorum().then(write, String), { timeout: 30_000, interval: 500 }).toBeGreaterThan(0);
  expect(programs().some((pid) => !before.includes(pid))).toBe(true);
});

test("it ends when its service does", async () => {
  await Promise.all(all.map((node) => node.powerOff()));
  await expect.poll(programs).toEqual([]);
});
