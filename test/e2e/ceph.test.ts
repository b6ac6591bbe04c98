import { startLab } from "@zcloud/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, openTestbed, repository, type Testbed } from "./support/testbed.ts";

/** A lab of its own, with Ceph; one that is named in ZCLOUD_TEST_CEPH_LAB is used as it is, and kept. */
const given = process.env["ZCLOUD_TEST_CEPH_LAB"];
const name = given ?? `ceph${process.pid}`;
/** Seconds that writing may stand still when a site is gone: Ceph must notice it, and an MDS take over. */
const longestStall = 40;
const client = "client.e2e";
const mount = "/mnt/e2e";

let bed: Testbed;
beforeAll(async () => {
  if (given === undefined) await startLab(name, { map: `${repository}/deploy/maps/lab-ceph.yaml` });
  bed = await openTestbed(name);
  await healthy();
});
afterAll(async () => {
  if (given === undefined) await bed.down();
});

async function ok(host: string, text: string): Promise<string> {
  const { status, stdout, stderr } = await bed.script(host, text);
  expect({ status, said: status === 0 ? "" : stdout + stderr }, host).toEqual({ status: 0, said: "" });
  return stdout.trim();
}

/** Placement groups too: health is good before there are any, and says so for seconds after a cut. */
function healthy(): Promise<unknown> {
  const ask = async (): Promise<unknown> => {
    const { stdout } = await bed.sh("north/zstore", ["ceph", "--connect-timeout", "5", "-s", "--format", "json"]);
    const { health, quorum_names, pgmap, mgrmap, osdmap } = JSON.parse(stdout);
    const clean = pgmap.pgs_by_state.filter(({ state_name }: { state_name: string }) => state_name === "active+clean");
    return {
      health: health.status,
      quorum: [...quorum_names].sort().join(),
      osds: osdmap.num_up_osds,
      clean: pgmap.num_pgs > 60 && clean[0]?.count === pgmap.num_pgs,
      manager: mgrmap.available,
    };
  };
  const whole = { health: "HEALTH_OK", quorum: "north,south,witness", osds: 2, clean: true, manager: true };
  return eventually("the cluster is whole", 150, ask, (now) => JSON.stringify(now) === JSON.stringify(whole));
}

/** Mounts the file system on a site's zpod, which knows the sites' monitors only, as a user's volume would be. */
async function mounted(site: string): Promise<void> {
  const caps = "mon 'allow r' mds 'allow rw' osd 'allow rw tag cephfs data=zcloud'";
  const keyring = await ok("north/zstore", `ceph auth get-or-create ${client} ${caps}`);
  const fsid = await ok("north/zstore", "ceph fsid");
  const monitors = bed.map.sites.map(({ hosts }) => hosts.find(({ role }) => role === "zstore")?.address);
  const text = [
    "[global]",
    `fsid = ${fsid}`,
    `mon_host = ${monitors.map((address) => `[v2:${address}:3300]`).join(",")}`,
    ...["client_mode", "mon_client_mode"].map((what) => `ms_${what} = secure`),
    "mon_client_ping_interval = 2",
    "mon_client_ping_timeout = 6",
    "",
  ].join("\n");
  await ok(
    `${site}/zpod1`,
    `set -e
mkdir -p ${mount}
mountpoint --quiet ${mount} && exit 0
umask 077
cat > /root/e2e.conf << 'END'
${text}END
cat > /root/e2e.keyring << 'END'
${keyring}
END
timeout 60 ceph-fuse --id e2e -c /root/e2e.conf -k /root/e2e.keyring ${mount} > /root/e2e.log 2>&1 || { cat /root/e2e.log; exit 1; }
`,
  );
}

/** Small files, each on disk at both sites before the next; `acknowledged` has their numbers and when, in seconds. */
const writer = `#!/bin/sh
cd ${mount}/stream
n=0
while [ ! -e /root/enough ]; do
  n=$((n + 1))
  echo "word $n" | dd of="$n" conv=fsync status=none && echo "$n $(date +%s)" >> /root/acknowledged
  sleep 0.2
done
`;

interface Acknowledged {
  readonly file: number;
  readonly at: number;
}

async function acknowledged(host: string): Promise<readonly Acknowledged[]> {
  const text = await ok(host, "cat /root/acknowledged");
  return text.split("\n").map((line) => {
    const [file, at] = line.split(" ").map(Number);
    return { file: file ?? 0, at: at ?? 0 };
  });
}

const wait = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1_000));

test("a file that is written at one site is read at the other; nothing is left to be planned", async () => {
  const { stdout } = await bed.zctl("plan", "--json");
  const { hosts } = JSON.parse(stdout) as { hosts: { host: string; changes: unknown[] }[] };
  expect(hosts.find(({ host }) => host === "witness")).toMatchObject({ changes: [] });
  await Promise.all([mounted("north"), mounted("south")]);
  await ok("north/zpod1", `echo kept > ${mount}/word && sync ${mount}/word`);
  expect(await ok("south/zpod1", `cat ${mount}/word`)).toBe("kept");
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
  const denied = await ok("north/zstore", `systemctl show ${unit} --property=IPAddressDeny --value`);
  const asMds = `systemd-run --quiet --wait --property=IPAddressDeny=${denied} ${toWitness}`;
  expect(denied).toContain(`${bed.map.witness?.address}`);
  expect((await bed.script("north/zstore", asMds)).status).not.toBe(0);
});

test("a whole site loses its power: the other goes on writing, nothing acknowledged is lost, and all is clean again", async () => {
  const dump = JSON.parse(await ok("north/zstore", "ceph fs dump --format json"));
  // The harder one: the site with the active MDS.
  const [info] = Object.values(dump.filesystems[0].mdsmap.info) as { name: string }[];
  const lost = info?.name ?? "";
  const left = lost === "north" ? "south" : "north";
  const host = `${left}/zpod1`;
  await ok(
    host,
    `set -e
rm -f /root/enough /root/acknowledged
mkdir -p ${mount}/stream
cat > /root/writer << 'END'
${writer}END
systemd-run --quiet --collect --unit=e2e-writer sh /root/writer`,
  );
  await wait(5);
  const off = Date.now() / 1_000;
  await bed.powerOff(lost);
  await eventually(
    `${left} goes on writing`,
    longestStall + 20,
    () => acknowledged(host),
    (done) => (done.at(-1)?.at ?? 0) > off + 12,
  );
  await wait(5);
  await bed.powerOn(lost);
  await healthy();
  await ok(host, "touch /root/enough; while systemctl --quiet is-active e2e-writer; do sleep 0.2; done");
  const done = await acknowledged(host);
  const gaps = done.slice(1).map(({ at }, index) => at - (done[index]?.at ?? at));
  console.info(`${done.length} files acknowledged, longest stall ${Math.max(...gaps)} s, MDS was lost with ${lost}`);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(longestStall);
  await mounted(lost);
  const files = done.map(({ file }) => file).join(" ");
  const read = `cd ${mount}/stream && for n in ${files}; do [ "$(cat $n)" = "word $n" ] || echo "$n is lost"; done`;
  expect(await ok(`${lost}/zpod1`, read)).toBe("");
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
  await mounted("south");
  expect(await ok("south/zpod1", `cat ${mount}/word`)).toBe("kept");
});
