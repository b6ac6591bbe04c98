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

/** What the notes of the sample stack say to a visitor; they lie in a volume, and their home is north. */
const notes = async () => (await bed.get("https://notes.lab.example/", "south")).body;
const pages = "zcloud-volume-demo.notes.pages.service";
const client = "zcloud.north.zpod1.demo";
const restarts = async () =>
  Number(await ceph.ok("north/zpod1", `systemctl show ${pages} --property=NRestarts --value`));

test("a stack's volume is Ceph's, mounted for it alone; who carries its key can't read it", async () => {
  expect((await bed.get("https://notes.lab.example/", "south", "-d", "in Ceph")).status).toBe(201);
  const mounts = await ceph.ok("north/zpod1", "grep ' /srv/volumes/' /proc/self/mounts");
  expect(mounts).toMatch(/^\S+ \/srv\/volumes\/demo\/notes\/pages fuse\.ceph-fuse \S*nosuid,nodev/);
  const { stdout } = await bed.zctl("volumes", "--json");
  const { volumes } = JSON.parse(stdout) as { volumes: { volume: string; clients: string[] }[] };
  expect(volumes).toMatchObject([{ volume: "demo/notes/pages", clients: [client], state: "ready" }]);
  // The key is in one file of that host's, root's alone, in no log and no argument; the bus keeps what was said on it nowhere.
  const keyring = `/etc/zcloud-volumes/${client}.keyring`;
  expect(await ceph.ok("north/zpod1", `stat -c %a ${keyring}`)).toBe("600");
  const key = await ceph.ok("north/zpod1", `sed -n 's/.*key = //p' ${keyring}`);
  expect(key).toMatch(/^[A-Za-z0-9+/]{38}==$/);
  for (const host of ["north/zpod1", "north/znet", "north/zstore"]) {
    const places = "/var/log /var/lib/zcloud /var/lib/nats /run/log /proc/[0-9]*/cmdline";
    const found = await bed.sh(host, ["sh", "-c", `grep -rlF -e "$0" ${places} 2>/dev/null; true`, key]);
    expect(found.stdout, host).not.toMatch(/\/(log|zcloud|nats)\//);
  }
});

test("a volume's client that dies, or is shut out, is replaced without a hand, and its stack goes on", async () => {
  const before = await restarts();
  const replaced = async (times: number) => {
    // Until its stack is stopped it may answer from what its container still holds.
    await eventually("another client mounts", 60, restarts, (now) => now >= before + times);
    await eventually("the notes are back", 60, notes, (said) => said.includes("in Ceph"));
  };
  await ceph.ok("north/zpod1", `kill -9 $(systemctl show ${pages} --property=MainPID --value)`);
  await replaced(1);
  const mds = await ceph.activeMds();
  const list = await ceph.ok("north/zstore", `ceph tell mds.${mds} client ls --format json 2> /dev/null`);
  const clients = JSON.parse(list) as { inst: string; client_metadata: { entity_id?: string; pid?: string } }[];
  const mounted = clients.filter(({ client_metadata }) => client_metadata.entity_id === client);
  expect(mounted.length).toBeGreaterThan(0);
  // `client.4182 10.64.1.17:0/880442673`
  for (const { inst } of mounted) await ceph.ok("north/zstore", `ceph osd blocklist add ${inst.split(" ")[1]} 600`);
  // A client that has nothing to say hears of it late.
  await bed.get("https://notes.lab.example/", "south", "-d", "perhaps lost", "-m", "5");
  await replaced(2);
});

test("a zpod that starts without znet has its volume before its stack", async () => {
  await bed.powerOff("north/znet", "north/zpod1");
  await bed.powerOn("north/zpod1");
  await eventually("the notes are back", 90, notes, (said) => said.includes("in Ceph"));
  await bed.powerOn("north/znet");
});

test("a whole site loses its power: the other goes on writing, nothing acknowledged is lost, and all is clean again", async () => {
  // The harder one: the site with the active MDS.
  const lost = await ceph.activeMds();
  const left = lost === "north" ? "south" : "north";
  await ceph.mount(left);
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
