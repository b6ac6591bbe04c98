import { LocalHost, MemoryHost } from "@zcloud/host";
import { witnessOf } from "@zcloud/map";
import { observeAndPlan } from "@zcloud/reconcile";
import { expect, test } from "vitest";
import { cephFiles } from "./base.ts";
import { witnessParts } from "./index.ts";
import { fsid, twoSites } from "./maps.test-support.ts";
import { cephPlaces } from "./places.ts";
import { nodeOf } from "./shape.ts";
import { installed, planPackages } from "./witness-packages.ts";

const map = twoSites();
const witness = witnessOf(map);
if (witness === undefined) throw new Error("no witness");

test("packages that are missing are installed; others of the host are nobody's business", () => {
  const present = installed("ceph-mon installed\nlibc6:amd64 installed\npython3-rados config-files\n");
  expect(present).toEqual(["ceph-mon", "libc6"]);
  expect(planPackages(["ceph-mon", "python3-rados"], present)).toMatchObject([{ packages: ["python3-rados"] }]);
  expect(planPackages(["ceph-mon"], present)).toEqual([]);
});

test("the witness has a monitor's configuration and key, and nothing that opens data", () => {
  const key = "AQAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAA";
  const files = cephFiles(map, nodeOf(map, witness), { v: 1, fsid, mon: key, admin: key });
  expect([...files.keys()].sort()).toEqual([
    cephPlaces.config,
    "/etc/systemd/system/ceph-mon@.service.d/zcloud.conf",
    "/var/lib/ceph/zcloud/mon.keyring",
  ]);
  expect(files.get("/var/lib/ceph/zcloud/mon.keyring")).toMatchObject({ mode: 0o600, secret: true });
});

test("before zctl pki nothing is planned but packages", async () => {
  const host = new MemoryHost({}, "witness");
  const plans = witnessParts(host, map, witness).slice(1);
  for (const part of plans) {
    const planned = await part.with((reconciler, desired) =>
      observeAndPlan(reconciler, desired, AbortSignal.timeout(5_000)),
    );
    expect(planned).toEqual([]);
  }
});

test("a host that is no Debian says so", async () => {
  const host = new (class extends LocalHost {
    override run = async () => ({ status: 127, stdout: "", stderr: "no dpkg-query" });
  })();
  const [packages] = witnessParts(host, map, witness);
  const look = packages?.with((reconciler, desired) => observeAndPlan(reconciler, desired, AbortSignal.timeout(5_000)));
  await expect(look).rejects.toThrow(/no dpkg-query; the witness needs Debian 13/);
});
