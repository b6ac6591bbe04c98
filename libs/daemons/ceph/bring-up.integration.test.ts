import { afterAll, expect, test } from "vitest";
import { monitorAsker } from "./ask.ts";
import { loopbackMap, type TestNode, testNode, testSecrets } from "./cluster.test-support.ts";
import { cephPlaces, madeMark } from "./places.ts";

const map = loopbackMap();
const secrets = testSecrets();
const north = await testNode(map, "north", secrets, true);
const south = await testNode(map, "south", secrets, false);
const witness = await testNode(map, "witness", secrets, false);
const all = [north, south, witness];
const disk = "/var/lib/zstore/disk0";
const askQuorum = ["ceph", "-n", "mon.", "-k", monitorAsker.keyring, "--connect-timeout", "3", "quorum_status"];
const sorted = (names: readonly string[] | undefined) => [...(names ?? [])].sort();
afterAll(() => Promise.all(all.map((node) => node.powerOff())));

/** Runs a program on a host, which must succeed. */
async function on({ host }: TestNode, ...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await host.run(argv, { timeout: 30_000 });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.trim();
}

/** Passes that break off at ever later effects: each begins where a killed service would. Returns how often. */
async function interrupted(node: TestNode, most: number): Promise<number> {
  let times = 0;
  for (let effects = 1; times < most; effects += 1 + Math.floor(Math.random() * 3)) {
    let left = effects;
    node.host.before = () => {
      if (left-- === 0) throw new Error("killed");
    };
    const whole = await node.pass().then(
      () => true,
      () => false,
    );
    if (whole) break;
    times++;
  }
  node.host.before = () => {};
  return times;
}

test("nobody but the founder makes a cluster, and nothing is done to disks before there is one", async () => {
  await south.settle();
  await witness.settle();
  expect(
    await on(south, "find", "/var/lib/ceph/mon", "/var/lib/ceph/osd", "/var/lib/zstore", "-type", "f").catch(() => ""),
  ).toBe("");
  expect(south.report()).toBeUndefined();
  // The witness's monitor is there, waits, and is no quorum by itself.
  await on(witness, "test", "-e", madeMark("witness"));
  expect(await witness.pass()).toEqual([]);
  await expect(on(witness, ...askQuorum)).rejects.toThrow();
});

test("the founder comes up alone, however often it was interrupted", { timeout: 240_000 }, async () => {
  await witness.powerOff();
  expect(await interrupted(north, 15)).toBeGreaterThan(5);
  await north.settle(() => north.report()?.osds.up === 1);
  expect(north.report()).toMatchObject({ monitors: ["north"], osds: { up: 1, all: 1 } });
  expect(await north.host.stat(cephPlaces.mayFound)).toBeUndefined();
  await north.host.write("/tmp/word", "kept");
  // Its exit status is 0 also where it could not read the file.
  await on(north, "rados", "--pool", "zcloud.data", "put", "word", "/tmp/word");
  expect(await on(north, "rados", "--pool", "zcloud.data", "ls")).toBe("word");
});

test("a disk with something on it is not touched; the rest of the site comes up", { timeout: 240_000 }, async () => {
  await on(south, "mkdir", "-p", "/var/lib/zstore");
  await on(south, "truncate", "--size=64M", disk);
  await on(south, "mkfs.ext4", "-q", disk);
  const before = await on(south, "sha256sum", disk);
  await Promise.all([south.settle(() => south.report()?.quorum.includes("south") === true), witness.settle()]);
  expect(south.disks().map(({ content }) => content)).toEqual([{ kind: "foreign", what: "ext4" }]);
  expect(await on(south, "sha256sum", disk)).toBe(before);
  expect(south.report()?.osds.all).toBe(1);
});

test("the other site joins, interrupted too, and all of it is healthy", { timeout: 240_000 }, async () => {
  await on(south, "rm", disk);
  await interrupted(south, 6);
  await south.settle(() => south.report()?.osds.up === 2);
  await north.settle(() => north.report()?.health === "HEALTH_OK");
  expect(north.report()).toMatchObject({
    checks: [],
    osds: { up: 2, all: 2 },
  });
  expect(sorted(north.report()?.monitors)).toEqual(["north", "south", "witness"]);
  expect(sorted(north.report()?.quorum)).toEqual(["north", "south", "witness"]);
  expect(await on(south, "ceph", "osd", "pool", "get", "zcloud.data", "all")).toMatch(/size: 2\nmin_size: 1\n/);
  expect(await on(south, "ceph", "fs", "ls")).toContain(
    "name: zcloud, metadata pool: zcloud.meta, data pools: [zcloud.data ]",
  );
  expect(await on(south, "ceph", "mgr", "dump", "--format", "json")).toContain('"active_name":"');
  const tree = await on(north, "ceph", "osd", "tree");
  const nodes = ["datacenter north", "host north-zstore", "osd.0", "datacenter south", "host south-zstore", "osd.1"];
  expect(tree.split(/\s{2,}/).filter((word) => nodes.includes(word))).toEqual(nodes);
});

test("its numbers are Ceph's: disks, daemons, room, what was written", async () => {
  await on(south, "sh", "-c", "head -c 1000000 /dev/zero | rados --pool zcloud.data put million -");
  // The manager counts every few seconds.
  const pools = () => new Map(north.numbers()?.pools.map((pool) => [pool.name, pool]));
  await north.settle(() => (pools().get("zcloud.data")?.stored ?? 0) >= 1_000_000);
  const numbers = north.numbers();
  const up = { up: true, in: true };
  expect(numbers).toMatchObject({
    ...{ health: 0, degraded: 0, misplaced: 0, unfound: 0, total: 2 * 2 * 2 ** 30 },
    osds: [
      { id: 0, ...up },
      { id: 1, ...up },
    ],
  });
  expect(numbers?.monitors.every(({ quorum }) => quorum)).toBe(true);
  expect(sorted(numbers?.monitors.map(({ name }) => name))).toEqual(["north", "south", "witness"]);
  expect(["north", "south"]).toContain(numbers?.manager);
  expect(sorted(numbers?.mds.map(({ state }) => state))).toEqual(["up:active", "up:standby"]);
  expect(sorted(numbers?.mds.map(({ name }) => name))).toEqual(["north", "south"]);
  expect(numbers?.pgs).toEqual({ "active+clean": 65 });
  expect(numbers?.used).toBeGreaterThan(2_000_000);
  const data = pools().get("zcloud.data");
  expect(data).toMatchObject({ objects: 2, stored: 1_000_004 });
  // Of 4 GiB, in two copies.
  expect(data?.room).toBeGreaterThan(1.5 * 2 ** 30);
  expect(data?.room).toBeLessThan(2 * 2 ** 30);
  expect(data?.full).toBeGreaterThan(0);
  expect(data?.writes).toBeGreaterThanOrEqual(2);
  expect(data?.writtenBytes).toBeGreaterThanOrEqual(1_000_000);
  expect(await on(south, "rados", "--pool", "zcloud.data", "rm", "million")).toBe("");
});

test("a cluster that is as it should be is left alone", async () => {
  for (const node of all) expect(await node.pass()).toEqual([]);
});

test("what Ceph complains of is known with who it is about, and whether somebody muted it", async () => {
  const flagged = async () => {
    await north.pass();
    return north.report()?.checks.find(({ code }) => code === "OSD_FLAGS");
  };
  await on(north, "ceph", "osd", "set-group", "noout", "osd.0", "osd.1");
  await north.settle(() => north.report()?.checks.some(({ code }) => code === "OSD_FLAGS") === true);
  expect(await flagged()).toMatchObject({
    severity: "HEALTH_WARN",
    message: expect.stringMatching(/^2 OSDs /),
    detail: "osd.0 has flags noout; osd.1 has flags noout",
    muted: false,
  });
  await on(north, "ceph", "health", "mute", "OSD_FLAGS");
  expect(await flagged()).toMatchObject({ muted: true });
  expect(north.report()?.health).toBe("HEALTH_OK");
  await on(north, "ceph", "osd", "unset-group", "noup,nodown,noin,noout", "osd.0", "osd.1");
  await on(north, "ceph", "health", "unmute", "OSD_FLAGS");
  await north.settle(() => north.report()?.checks.length === 0);
  // Of those that remedies name, two that no other test finds in Ceph's programs.
  expect(JSON.parse(await on(north, "ceph", "versions"))).toHaveProperty("overall");
  expect(await on(north, "ceph", "tell", "mon.north", "compact")).toContain("compacted");
});

test("everything loses power at once and comes back in another order, with what was in it", {
  timeout: 240_000,
}, async () => {
  await Promise.all(all.map((node) => node.powerOff()));
  await Promise.all([witness.settle(), south.settle(() => south.report() !== undefined)]);
  await north.settle(() => north.report()?.health === "HEALTH_OK");
  await on(south, "rados", "--pool", "zcloud.data", "get", "word", "/tmp/word");
  expect(await on(south, "cat", "/tmp/word")).toBe("kept");
});

test("a site that lost its own disk, but not its OSD's, joins again with the same OSD", {
  timeout: 240_000,
}, async () => {
  await south.powerOff();
  for (const kind of ["mon", "mgr", "mds", "osd"]) await on(south, "rm", "-rf", `/var/lib/ceph/${kind}`);
  await on(
    south,
    "install",
    "-d",
    "-o",
    "ceph",
    "-g",
    "ceph",
    ...["mon", "mgr", "mds", "osd"].map((kind) => `/var/lib/ceph/${kind}`),
  );
  await south.settle(() => south.report()?.osds.up === 2);
  expect(south.report()?.osds).toEqual({ up: 2, all: 2 });
  expect(sorted(south.report()?.monitors)).toEqual(["north", "south", "witness"]);
});

test("a disk that is broken for good is forgotten, and an empty one in its place gets the copies", {
  timeout: 240_000,
}, async () => {
  await south.powerOff();
  await north.settle(() => north.report()?.osds.up === 1);
  // Placement groups take a moment to find out.
  await north.settle(() => (north.numbers()?.degraded ?? 0) > 0);
  expect(north.numbers()?.osds).toEqual([
    { id: 0, up: true, in: true },
    { id: 1, up: false, in: expect.any(Boolean) },
  ]);
  await on(south, "sh", "-c", `rm -rf ${disk} /var/lib/ceph/osd/ceph-*`);
  expect(await on(north, "ceph", "osd", "purge", "1", "--yes-i-really-mean-it")).toBe("");
  await south.settle(() => south.report()?.osds.up === 2);
  await north.settle(() => north.report()?.health === "HEALTH_OK");
  const parts = () => on(north, "ceph", "pg", "stat");
  await expect.poll(parts, { timeout: 60_000, interval: 1_000 }).toMatch(/^\d+ pgs: \d+ active\+clean;/);
  // The first copy is away: what is read is the new one.
  await north.powerOff();
  await on(south, "rados", "--pool", "zcloud.data", "get", "word", "/tmp/word");
  expect(await on(south, "cat", "/tmp/word")).toBe("kept");
});

test("no secret is readable by others, or in what was logged", async () => {
  const open = await on(
    south,
    "sh",
    "-c",
    "find /var/lib/ceph /etc/ceph /etc/zcloud -name '*keyring*' -perm /077 -o -name cluster.json -perm /077",
  );
  expect(open).toBe("");
  for (const secret of [secrets.mon, secrets.admin ?? ""])
    expect(await on(south, "sh", "-c", 'grep -c -F "$0" /tmp/daemons.log || true', secret)).toBe("0");
});
