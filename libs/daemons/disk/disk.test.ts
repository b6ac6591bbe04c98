import { expect, test } from "vitest";
import { diskProblems, watchFullness } from "./fullness.ts";
import { type Disk, localMounts, parseDf } from "./mounts.ts";

const disk = (used: number, place = "/"): Disk => ({ place, used, free: (1 - used) * 20e9, short: "bytes" });

test("each file system is looked at once, and none that is of the network, the kernel or a container", () => {
  const mountinfo = `
22 1 0:40 / / rw,relatime shared:1 - overlay zc rw,lowerdir=/a
23 22 0:40 /etc /etc rw - overlay zc rw
24 22 8:1 / /var/lib/containers rw - ext4 /dev/loop0 rw
25 24 0:70 / /var/lib/containers/storage/overlay/ab/merged rw - overlay overlay rw
26 22 0:21 / /proc rw - proc proc rw
27 22 0:22 / /dev rw - tmpfs tmpfs rw
28 22 0:23 / /run rw - tmpfs tmpfs rw
29 28 0:24 / /run/credentials/a.service ro - tmpfs tmpfs rw
30 22 0:25 / /srv/volumes/a\\040b rw - fuse.ceph-fuse ceph-fuse rw
31 22 0:26 / /srv/c rw - ceph 10.0.0.1:/ rw
32 22 8:2 / /mnt/a\\040b rw - xfs /dev/sdb1 rw
`;
  expect(localMounts(mountinfo)).toEqual(["/", "/mnt/a b", "/run", "/var/lib/containers"]);
  expect(localMounts("")).toEqual([]);
});

test("how full is said by what is shorter: bytes, or inodes", () => {
  const said = `      Used      Avail  IUsed  IFree Mounted on
 6000000000 4000000000     10     90 /
 1000000000 9000000000     95      5 /mnt/a b
          0          0      0      0 /empty
 5000000000 5000000000      -      - /btrfs
`;
  expect(parseDf(said)).toEqual([
    { place: "/", free: 4e9, used: 0.6, short: "bytes" },
    { place: "/mnt/a b", free: 9e9, used: 0.95, short: "inodes" },
    { place: "/btrfs", free: 5e9, used: 0.5, short: "bytes" },
  ]);
});

test("people are told at 80, 90 and 95 %, once each, and when there is room again", () => {
  const watch = watchFullness("north/zpod1");
  const told = [0.79, 0.8, 0.85, 0.79, 0.81, 0.91, 0.99, 0.78, 0.74, 0.5, 0.96].map((used) =>
    watch.look([disk(used)]).map(({ kind, level }) => `${kind} ${level}`),
  );
  expect(told).toEqual([
    [],
    ["disk-filling warning"],
    [],
    [],
    [],
    ["disk-filling warning"],
    ["disk-filling error"],
    [],
    ["disk-roomy info"],
    [],
    ["disk-filling error"],
  ]);
  const [news] = watchFullness("north/zpod1").look([disk(0.83, "/var/log")]);
  expect(news).toMatchObject({ subject: "north/zpod1", reason: "/var/log is 83 % full (3.4 GB left) at north/zpod1" });
});

test("each file system is told of by itself", () => {
  const watch = watchFullness("north/znet");
  expect(watch.look([disk(0.85), disk(0.5, "/var/log")])).toHaveLength(1);
  expect(watch.look([disk(0.85), disk(0.85, "/var/log")])).toHaveLength(1);
});

test("a problem is there as long as it is", () => {
  expect(diskProblems([disk(0.79)])).toEqual([]);
  expect(diskProblems([disk(0.8), disk(0.3, "/run")]).map(({ what }) => what)).toEqual([
    "/ is 80 % full (4.0 GB left)",
  ]);
  expect(diskProblems([{ ...disk(0.97), short: "inodes" }])[0]?.what).toBe(
    "/ is 97 % full (its inodes: too many files)",
  );
});
