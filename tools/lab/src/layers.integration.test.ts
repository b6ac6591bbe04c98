import { readFileSync } from "node:fs";
import { LocalHost } from "@zcloud/host";
import { roles } from "@zcloud/map";
import { imageBelow, userland } from "@zcloud/testing";
import { expect, test } from "vitest";

/** Packages of Ceph in a role's userland, `name version`: of the uppermost of what its hosts are mounted on. */
function cephPackages(role: string): readonly string[] {
  const [top = ""] = imageBelow(role).split(":");
  const entries = readFileSync(`${top}/var/lib/dpkg/status`, "utf8").split("\n\n");
  return entries.flatMap((entry) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(entry)?.[1] ?? "";
    const name = field("Package");
    return /ceph|rados|rbd/.test(`${name} ${field("Source")}`) ? [`${name} ${field("Version")}`] : [];
  });
}

test.each(roles.filter((role) => role !== "zstore" && role !== "zpod"))("%s has no package of Ceph", (role) => {
  expect(cephPackages(role)).toEqual([]);
});

test("zstore has the daemons of 18.2; zpod has the client, and none of the daemons", () => {
  const names = (role: string) => cephPackages(role).map((one) => one.split(" ")[0]);
  expect(names("zstore")).toEqual(expect.arrayContaining(["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds"]));
  expect(cephPackages("zstore").find((one) => one.startsWith("ceph-mon "))).toMatch(/^ceph-mon 18\.2\./);
  expect(names("zpod").sort()).toEqual(["ceph-fuse", "librados2", "python3-rados"]);
});

test.each([
  ["zstore", "ceph-mon"],
  ["zstore", "ceph-osd"],
  ["zpod", "ceph-fuse"],
])("in the userland of %s runs %s, and its other programs do too", async (role, program) => {
  const place = userland(role);
  const run = (...argv: string[]) => new LocalHost().run(place.command(...argv));
  expect((await run(program, "--version")).stdout).toMatch(/18\.2\./);
  expect((await run("node", "--version")).stdout).toMatch(/^v20\./);
});

test("no daemon of a layer starts by itself", () => {
  const [top = ""] = imageBelow("zstore").split(":");
  const wanted = new LocalHost().list(`${top}/etc/systemd/system/multi-user.target.wants`);
  const targets = ["ceph-mds.target", "ceph-mgr.target", "ceph-mon.target", "ceph-osd.target", "ceph.target"];
  return expect(wanted).resolves.toEqual(targets);
});
