import { afterAll, beforeAll, expect, test } from "vitest";
import { loopbackMap, type TestNode, testNode, testSecrets } from "../ceph/cluster.test-support.ts";
import { clientOf, createVolumes, type Grant, type VolumeId, type Volumes } from "./index.ts";

const map = loopbackMap();
const secrets = testSecrets();
const north = await testNode(map, "north", secrets, true);
const south = await testNode(map, "south", secrets, false);
const witness = await testNode(map, "witness", secrets, false);
const all = [north, south, witness];
const MiB = 2 ** 20;
const pages: VolumeId = { tenant: "garden", stack: "wiki", volume: "pages" };
const mails: VolumeId = { tenant: "mail", stack: "post", volume: "box" };
const owner = 300_000;
const client = clientOf("north/zpod1", "garden");
const others = clientOf("north/zpod1", "mail");

let volumes: Volumes;
let room: { used: number; total: number } | undefined;
const signal = () => AbortSignal.timeout(100_000);

beforeAll(async () => {
  await north.settle(() => north.report()?.osds.up === 1);
  await Promise.all([south.settle(() => south.report()?.osds.up === 2), witness.settle()]);
  await north.settle(() => north.report()?.health === "HEALTH_OK" && north.numbers()?.manager !== undefined);
  const clock = { now: () => Date.parse("2026-11-23T21:00:00Z") };
  volumes = createVolumes({ monitors: north.monitors, room: () => room, clock });
}, 240_000);
afterAll(() => Promise.all(all.map((node) => node.powerOff())));

/** Runs lines of Python on a volume that a client with this key mounted as `fs`. What it prints, or Ceph's error. */
async function mounted({ client: name, key, path }: Grant, ...lines: readonly string[]): Promise<string> {
  await keyringOf(name, key);
  const script = `import cephfs, os
fs = cephfs.LibCephFS(auth_id="${name}", conffile="/etc/ceph/ceph.conf", conf={"keyring": "/tmp/${name}.keyring", "client_mount_timeout": "10"})
try:
    fs.mount(mount_root=b"${path}", filesystem_name=b"zcloud")
    def put(name, size, byte=b"x"):
        fd = fs.open(name, "w", 0o644)
        at = 0
        while at < size:
            at += fs.write(fd, byte * min(size - at, 1 << 20), at)
        fs.fsync(fd, 0)
        fs.close(fd)
    def get(name):
        fd = fs.open(name, "r")
        data = fs.read(fd, 0, 1 << 20)
        fs.close(fd)
        return data
${lines.map((line) => `    ${line}`).join("\n")}
except cephfs.Error as error:
    print("error", abs(error.errno), flush=True)
# One that just ends keeps others waiting for what it may have in its cache.
fs.shutdown()
`;
  const { stdout } = await north.host.run(["python3", "-c", script], { timeout: 60_000 });
  return stdout.trim();
}

async function keyringOf(name: string, key: string): Promise<string> {
  const path = `/tmp/${name}.keyring`;
  await north.host.write(path, `[client.${name}]\n  key = ${key}\n`, { mode: 0o600 });
  return path;
}

async function run({ host }: TestNode, ...argv: string[]): Promise<string> {
  const { stdout, stderr } = await host.run(argv, { timeout: 60_000 });
  return (stdout + stderr.replace(/^.*(?:warning|did not load config).*$/gim, "")).trim();
}

test("a volume is made once, belongs to its owner, and grows", async () => {
  const made = await volumes.ensure(pages, { size: 8 * MiB, owner }, signal());
  expect(made).toMatchObject({ id: pages, size: 8 * MiB, state: "ready", snapshots: [], clients: [] });
  expect(made.path).toMatch(/^\/volumes\/garden\/garden\.wiki\.pages\/[0-9a-f-]{36}$/);
  expect(await volumes.ensure(pages, { size: 8 * MiB, owner }, signal())).toMatchObject({ path: made.path });
  expect((await volumes.ensure(pages, { size: 16 * MiB, owner }, signal())).size).toBe(16 * MiB);
  expect(await volumes.find(pages, signal())).toMatchObject({ size: 16 * MiB, path: made.path });
  const grant = await volumes.authorize(pages, client, signal());
  expect(grant).toMatchObject({ client, path: made.path, key: expect.stringMatching(/^[A-Za-z0-9+/]{38}==$/) });
  const stat = 'st = fs.stat(b"/"); print(st.st_uid, st.st_gid, oct(st.st_mode))';
  expect(await mounted(grant, stat)).toBe(`${owner} ${owner} 0o40755`);
  expect((await volumes.find(pages, signal()))?.clients).toEqual([client]);
});

test("one key for all volumes of a tenant on a host; another tenant reaches neither files nor objects", async () => {
  const wiki: VolumeId = { ...pages, volume: "uploads" };
  await volumes.ensure(wiki, { size: MiB, owner }, signal());
  await volumes.ensure(mails, { size: MiB, owner: owner + 65_536 }, signal());
  const mine = await volumes.authorize(pages, client, signal());
  const second = await volumes.authorize(wiki, client, signal());
  const theirs = await volumes.authorize(mails, others, signal());
  expect(second.key).toBe(mine.key);
  expect(theirs.key).not.toBe(mine.key);
  expect(await mounted(mine, 'put(b"/word", 5)', 'print(get(b"/word"))')).toBe("b'xxxxx'");
  expect(await mounted(second, 'put(b"/word", 3)', 'print(get(b"/word"))')).toBe("b'xxx'");
  // With the other's key: its directory, the directory above, and the root.
  for (const path of [mine.path, "/volumes/garden", "/"])
    expect(await mounted({ ...theirs, path }, 'print(get(b"/word"))'), path).toMatch(/^error (1|2|13)$/);
  const objects = async (grant: Grant, ...namespace: string[]) => {
    const keyring = await keyringOf(grant.client, grant.key);
    return run(north, "rados", "-n", `client.${grant.client}`, "-k", keyring, "-p", "zcloud.data", ...namespace, "ls");
  };
  expect((await objects(mine, "-N", "fsvolumens_garden.wiki.pages")).split("\n")).toHaveLength(1);
  for (const place of [[], ["--all"], ["-N", "fsvolumens_garden.wiki.pages"]])
    expect(await objects(theirs, ...place), place.join(" ")).toMatch(/Operation not permitted/);
  // Neither another pool, nor what Ceph keeps of keys.
  const keyring = await keyringOf(others, theirs.key);
  const said = await run(north, "ceph", "-n", `client.${others}`, "-k", keyring, "auth", "ls");
  expect(said).toMatch(/EACCES|access denied/);
});

test("a volume takes what it was given, and is not shrunk below what it holds", async () => {
  const grant = await volumes.authorize(pages, client, signal());
  expect(await mounted(grant, 'put(b"/much", 10 << 20)', "print('done')")).toBe("done");
  const used = async () => (await volumes.find(pages, signal()))?.used;
  // Ceph counts late.
  await expect.poll(used, { timeout: 60_000, interval: 1_000 }).toBe(10 * MiB + 5);
  // EDQUOT, of the next that is written.
  expect(await mounted(grant, 'put(b"/more", 30 << 20)', "print('done')")).toBe("error 122");
  await expect(volumes.resize(pages, 4 * MiB, signal())).rejects.toThrow(/holds 1\d.*M, which does not go into 4M/);
  expect((await volumes.resize(pages, 64 * MiB, signal())).size).toBe(64 * MiB);
  expect(await mounted(grant, 'put(b"/more", 30 << 20)', "print('done')")).toBe("done");
});

test("a snapshot stays as it was, and comes back as another volume of the tenant", { timeout: 120_000 }, async () => {
  const grant = await volumes.authorize(pages, client, signal());
  expect(await mounted(grant, 'put(b"/word", 4, b"a")')).toBe("");
  await volumes.snapshot(pages, "before", signal());
  await volumes.snapshot(pages, "before", signal());
  expect(await mounted(grant, 'put(b"/word", 4, b"b")')).toBe("");
  expect((await volumes.find(pages, signal()))?.snapshots).toEqual([
    { name: "before", at: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
  ]);
  const copy: VolumeId = { ...pages, volume: "pages-before" };
  await expect(volumes.clone(pages, "never", copy, signal())).rejects.toThrow(
    "garden/wiki/pages has no snapshot never",
  );
  await expect(volumes.clone(pages, "before", mails, signal())).rejects.toThrow("a copy stays with its tenant");
  await volumes.clone(pages, "before", copy, signal());
  const state = async () => (await volumes.find(copy, signal()))?.state;
  await expect.poll(state, { timeout: 90_000, interval: 1_000 }).toBe("ready");
  const there = await volumes.authorize(copy, client, signal());
  expect(await mounted(there, 'print(get(b"/word"))')).toBe("b'aaaa'");
  expect(await mounted(grant, 'print(get(b"/word"))')).toBe("b'bbbb'");
  await expect(volumes.clone(pages, "before", copy, signal())).rejects.toThrow(/already/);
  await volumes.removeSnapshot(pages, "before", signal());
  expect((await volumes.find(pages, signal()))?.snapshots).toEqual([]);
});

test("what is in the trash nobody mounts, an empty one does not take its place, and it comes back whole", async () => {
  const grant = await volumes.authorize(pages, client, signal());
  await volumes.snapshot(pages, "kept", signal());
  await volumes.trash(pages, signal());
  await volumes.trash(pages, signal());
  expect(await volumes.find(pages, signal())).toMatchObject({ trashedAt: "2026-11-23T21:00:00Z", clients: [] });
  expect(await mounted(grant, 'print(get(b"/word"))')).toMatch(/^error/);
  for (const tried of [
    volumes.ensure(pages, { size: MiB, owner }, signal()),
    volumes.authorize(pages, client, signal()),
    volumes.resize(pages, MiB, signal()),
  ])
    await expect(tried).rejects.toThrow("garden/wiki/pages lies in the trash since 2026-11-23T21:00:00Z");
  await expect(volumes.purge(mails, signal())).rejects.toThrow("mail/post/box is not in the trash");
  await volumes.recover(pages, signal());
  const again = await volumes.authorize(pages, client, signal());
  expect(await mounted(again, 'print(get(b"/word"))')).toBe("b'bbbb'");
  expect((await volumes.list(signal())).map(({ id }) => `${id.stack}/${id.volume}`)).toEqual([
    "wiki/pages",
    "wiki/pages-before",
    "wiki/uploads",
    "post/box",
  ]);
  expect((await volumes.list(signal(), "mail")).map(({ id }) => id)).toEqual([mails]);
  expect(await volumes.list(signal(), "nobody")).toEqual([]);
  await volumes.trash(pages, signal());
  await volumes.purge(pages, signal());
  await volumes.purge(pages, signal());
  expect(await volumes.find(pages, signal())).toBeUndefined();
  // The other volumes of the same key go on.
  const uploads = await volumes.authorize({ ...pages, volume: "uploads" }, client, signal());
  expect(await mounted(uploads, 'print(get(b"/word"))')).toBe("b'xxx'");
});

test("new volumes are refused when Ceph is nearly full, and those that are there are not", async () => {
  room = { used: 86, total: 100 };
  const fresh: VolumeId = { ...pages, volume: "fresh" };
  await expect(volumes.ensure(fresh, { size: MiB, owner }, signal())).rejects.toThrow("Ceph's disks are 86 % full");
  expect(await volumes.find(fresh, signal())).toBeUndefined();
  await volumes.ensure(mails, { size: MiB, owner }, signal());
  room = undefined;
});

test("without a manager it says so in time, and monitors go on answering", { timeout: 180_000 }, async () => {
  for (const node of [north, south]) node.send("mgr", "SIGSTOP");
  const asked = north.monitors.ask([{ prefix: "fs subvolumegroup ls", vol_name: "zcloud", format: "json" }], {
    to: "manager",
    timeout: 3,
    signal: signal(),
  });
  const [said] = (await north.monitors.ask([{ prefix: "fsid" }], { signal: signal() })) ?? [];
  expect(said?.out.toString().trim()).toBe(secrets.fsid);
  expect(await asked).toBeUndefined();
  for (const node of [north, south]) node.send("mgr", "SIGCONT");
  const count = async () => (await volumes.list(signal()).catch(() => [])).length;
  await expect.poll(count, { timeout: 90_000, interval: 2_000 }).toBe(3);
});
