import { type CephLab, cephLab, longestStall, mountPoint, startLab } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, repository, type Testbed } from "./support/testbed.ts";

/** A lab of its own, with Ceph; one that is named in ZCLOUD_TEST_CEPH_LAB is used as it is, and kept. */
const given = process.env["ZCLOUD_TEST_CEPH_LAB"];
const name = given ?? `ceph${process.pid}`;
/** Seconds that writing may stand still when a site is gone: Ceph must notice it, and an MDS take over. */
const patience = 40;

let bed: Testbed;
let ceph: CephLab;
beforeAll(async () => {
  if (given === undefined) await startLab(name, { map: `${repository}/deploy/maps/lab-ceph.yaml` });
  bed = await openTestbed(name);
  ceph = cephLab(bed);
  await ceph.healthy(150);
});
afterAll(async () => {
  if (given === undefined) await bed?.down();
});

const wait = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1_000));

test("a file that is written at one site is read at the other; nothing is left to be planned", async () => {
  const { stdout } = await bed.zctl("plan", "--json");
  const { hosts } = JSON.parse(stdout) as { hosts: { host: string; changes: unknown[] }[] };
  expect(hosts.find(({ host }) => host === "witness")).toMatchObject({ changes: [] });
  await Promise.all([ceph.mount("north"), ceph.mount("south")]);
  await ceph.ok("north/zpod1", `echo kept > ${mountPoint}/word && sync ${mountPoint}/word`);
  expect(await ceph.ok("south/zpod1", `cat ${mountPoint}/word`)).toBe("kept");
});

test.each(["north", "south"])("%s: znet, which may not ask, has Ceph's numbers", async (site) => {
  const ask = ["promtool", "query", "instant", "http://127.0.0.1:9090"];
  const series = (query: string) => bed.sh(`${site}/znet`, [...ask, query]);
  // Pools and disks come one after the other, and are asked for every half minute.
  const has = (what: string, query: string, pattern: RegExp) =>
    eventually(
      what,
      90,
      () => series(query),
      ({ stdout: said }) => pattern.test(said),
    );
  await has("both disks are up", `count(ceph_osd_up{host="${site}/zstore"} == 1)`, /=> 2 @/);
  await has("room of the files' pool", "ceph_pool_max_avail > 0", /name="zcloud\.data"/);
  await has("all monitors are in the quorum", "sum(ceph_mon_quorum_status)", /=> 3 @/);
});

test("who stands at the witness's place reaches monitors, and neither data nor the sites' hosts; clients don't reach it", async () => {
  const connects = "timeout 3 bash -c 'exec 3<>/dev/tcp/$0/$1'";
  for (const { hosts, public: outside } of bed.map.sites) {
    const zstore = hosts.find(({ role }) => role === "zstore")?.address;
    expect((await bed.script("witness", `${connects.replace("$0", `${zstore}`).replace("$1", "3300")}`)).status).toBe(
      0,
    );
    for (const address of [zstore, outside.ipv4]) {
      const tried = connects.replace("$0", `${address}`).replace("$1", "6800");
      expect((await bed.script("witness", tried)).status, `${address}`).not.toBe(0);
    }
  }
  const toWitness = connects.replace("$0", `${bed.map.witness?.address}`).replace("$1", "3300");
  expect((await bed.script("north/zstore", toWitness)).status).toBe(0);
  expect((await bed.script("north/zpod1", toWitness)).status).not.toBe(0);
  // As an MDS, OSD or manager is run: the same host, but not for them.
  const unit = "ceph-mds@north.service";
  const denied = await ceph.ok("north/zstore", `systemctl show ${unit} --property=IPAddressDeny --value`);
  const asMds = `systemd-run --quiet --wait --property=IPAddressDeny=${denied} ${toWitness}`;
  expect(denied).toContain(`${bed.map.witness?.address}`);
  expect((await bed.script("north/zstore", asMds)).status).not.toBe(0);
});

test("a whole site loses its power: the other goes on writing, nothing acknowledged is lost, and all is clean again", async () => {
  // The harder one: the site with the active MDS.
  const lost = await ceph.activeMds();
  const left = lost === "north" ? "south" : "north";
  const writer = await ceph.write(left, "power");
  await wait(5);
  const off = Date.now();
  await bed.powerOff(lost);
  await eventually(
    `${left} goes on writing`,
    patience + 20,
    () => writer.acknowledged(),
    (done) => (done.at(-1)?.at ?? 0) > off + 12_000,
  );
  await wait(5);
  await bed.powerOn(lost);
  await ceph.healthy(150);
  const done = await writer.end();
  console.info(`${done.length} files acknowledged, longest stall ${longestStall(done)} s, MDS was lost with ${lost}`);
  expect(longestStall(done)).toBeLessThanOrEqual(patience);
  await ceph.mount(lost);
  expect(await ceph.lost(lost, writer, done)).toEqual([]);
});

test("all three places lose their power, and start one after the other: everything is back without a hand", async () => {
  await bed.powerOff("north", "south", "witness");
  await bed.powerOn("south");
  await bed.powerOn("north", "witness");
  // That all is clean again is told above; a manager takes longer here, which keeps nobody from his files.
  await eventually(
    "the monitors have a quorum",
    90,
    () => bed.sh("south/zstore", ["ceph", "--connect-timeout", "5", "quorum_status"]),
    ({ status }) => status === 0,
  );
  // A file system has nobody to mount it from before an MDS is active.
  await eventually(
    "an MDS is active",
    120,
    () => bed.sh("south/zstore", ["ceph", "--connect-timeout", "5", "mds", "stat"]),
    ({ stdout }) => stdout.includes("up:active"),
  );
  await ceph.mount("south");
  expect(await ceph.ok("south/zpod1", `cat ${mountPoint}/word`)).toBe("kept");
});
