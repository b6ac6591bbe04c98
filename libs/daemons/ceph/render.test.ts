import { siteOf } from "@zcloud/map";
import { golden } from "@zcloud/testing";
import { describe, expect, test } from "vitest";
import { fsid, twoSites } from "./maps.test-support.ts";
import type { DaemonKind } from "./places.ts";
import { profiles } from "./profiles.ts";
import { renderCephConf, renderDropIn, renderKeyring } from "./render.ts";
import { cephDisks, cephNodes } from "./shape.ts";

const at = (name: string) => new URL(`golden/${name}`, import.meta.url);
const map = twoSites();
const [north, , witness] = cephNodes(map);

describe("rendered", () => {
  test("a site's zstore and the witness, metro", () => {
    if (north === undefined || witness === undefined) throw new Error("two sites and a witness");
    golden(at("north-metro.conf"), renderCephConf(map, north, fsid));
    golden(at("witness-metro.conf"), renderCephConf(map, witness, fsid));
  });

  test.each(["lab", "wide"] as const)("profile %s", (profile) => {
    if (north === undefined) throw new Error("a site");
    golden(at(`north-${profile}.conf`), renderCephConf(twoSites({ profile }), north, fsid));
  });

  test.each<DaemonKind>(["mon", "mgr", "osd", "mds"])("what units of %s have beyond the package's", (kind) => {
    golden(at(`${kind}.service.conf`), renderDropIn(kind, { witness: "192.0.2.7", mgrModules: "/usr/local/lib/cure" }));
  });

  test("only monitors may reach the witness", () => {
    const denies = (kind: DaemonKind) =>
      renderDropIn(kind, { witness: "192.0.2.7", mgrModules: "/x" }).includes("IPAddressDeny=192.0.2.7\n");
    expect((["mon", "mgr", "osd", "mds"] as const).map(denies)).toEqual([false, true, true, true]);
  });

  test("a keyring", () => {
    expect(renderKeyring("mon.", "KEY==", { mon: "allow *" })).toBe('[mon.]\n\tkey = KEY==\n\tcaps mon = "allow *"\n');
  });
});

test.each(
  Object.entries(profiles),
)("in profile %s an MDS can fail over, and OSDs say something before they count as gone", (_, { settings }) => {
  const number = (name: string, usual: number) => Number(settings[name] ?? usual);
  const slack = number("mds_beacon_grace", 15) - number("mds_beacon_interval", 4);
  expect(slack).toBeGreaterThan(number("mon_tick_interval", 5));
  expect(number("osd_heartbeat_grace", 20)).toBeGreaterThanOrEqual(3 * number("osd_heartbeat_interval", 6));
});

test("devices come from the hypervisor in the map's order; a path elsewhere is a file", () => {
  expect(cephDisks(map, siteOf(map, "north"))).toEqual([
    { path: "/dev/disk/by-id/virtio-zceph0", size: undefined },
    { path: "/dev/disk/by-id/virtio-zceph1", size: undefined },
  ]);
  expect(cephDisks(map, siteOf(map, "south"))).toEqual([{ path: "/var/lib/ceph/disk0", size: 2 * 1024 ** 3 }]);
});
