import { cephPlaces } from "@zcloud/daemons/ceph";
import { MemoryHost } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import { expect, test } from "vitest";
import { shareCeph } from "./ceph.ts";

const kept = "/installation/secrets/ceph.json";
const zstore = (site: string) => ({ entry: { id: `${site}/zstore` } as HostEntry, host: new MemoryHost({}, site) });
const share = (local: MemoryHost, ...to: ReturnType<typeof zstore>[]) =>
  shareCeph(local, "/installation", "north/zstore", to, 1_700_000_000_000);

test("made once, the same for both sites, unreadable by others; only the first may found the cluster", async () => {
  const local = new MemoryHost();
  const [north, south] = [zstore("north"), zstore("south")];
  expect(await share(local, north, south)).toEqual(["north/zstore", "south/zstore"]);
  expect(north.host.files()[cephPlaces.secrets]).toBe(south.host.files()[cephPlaces.secrets]);
  for (const { host } of [north, south]) expect((await host.stat(cephPlaces.secrets))?.mode).toBe(0o600);
  expect((await local.stat(kept))?.mode).toBe(0o600);
  expect(await north.host.stat(cephPlaces.mayFound)).toBeDefined();
  expect(await south.host.stat(cephPlaces.mayFound)).toBeUndefined();
});

test("a founder that was told is not told again: one that lost its disk joins the cluster that there is", async () => {
  const local = new MemoryHost();
  const before = zstore("north");
  await share(local, before);
  const anew = zstore("north");
  expect(await share(local, anew)).toEqual(["north/zstore"]);
  expect(anew.host.files()[cephPlaces.secrets]).toBe(before.host.files()[cephPlaces.secrets]);
  expect(await anew.host.stat(cephPlaces.mayFound)).toBeUndefined();
  expect(await share(local, anew)).toEqual([]);
});

test("a founder that could not be reached is told later", async () => {
  const local = new MemoryHost();
  const [north, south] = [zstore("north"), zstore("south")];
  await share(local, south);
  await share(local, north);
  expect(await north.host.stat(cephPlaces.mayFound)).toBeDefined();
});

test("a host of another cluster keeps what it has", async () => {
  const [local, other, north] = [new MemoryHost(), new MemoryHost(), zstore("north")];
  await share(local, north);
  const before = north.host.files();
  await expect(share(other, north)).rejects.toThrow(/north\/zstore belongs to another cluster/);
  expect(north.host.files()).toEqual(before);
});

test("the witness gets the monitors' key, never client.admin's", async () => {
  const local = new MemoryHost();
  const witness = { entry: { id: "witness", role: "witness" } as HostEntry, host: new MemoryHost({}, "witness") };
  const north = zstore("north");
  expect(await share(local, north, witness)).toEqual(["north/zstore", "witness"]);
  const [whole, given] = [north, witness].map(({ host }) => JSON.parse(host.files()[cephPlaces.secrets] ?? ""));
  expect(given).toEqual({ v: 1, fsid: whole.fsid, mon: whole.mon });
  expect((await witness.host.stat(cephPlaces.secrets))?.mode).toBe(0o600);
  expect(await witness.host.stat(cephPlaces.mayFound)).toBeUndefined();
});
