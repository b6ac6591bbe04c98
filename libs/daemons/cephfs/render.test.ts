import { golden } from "@zcloud/testing";
import { expect, test } from "vitest";
import { twoSites } from "../ceph/maps.test-support.ts";
import { type MountOptions, renderClientConf, renderClientKeyring, renderMountUnit } from "./render.ts";

const at = (name: string) => new URL(`golden/${name}`, import.meta.url);
const key = "AQBB5PtoAAAAABAAmyyOFQG3CQ1fYxXOf0T3Fg==";
const options: MountOptions = {
  ...{ tenant: "garden", stack: "wiki", volume: "pages", map: twoSites() },
  ...{ client: "zcloud.north.zpod1.garden", path: "/volumes/garden/garden.wiki.pages/8f3f" },
  mounter: "fuse",
};

test.each(["fuse", "kernel"] as const)("the unit of a mount by %s is the golden one", (mounter) => {
  const text = renderMountUnit({ ...options, mounter });
  golden(at(`zcloud-volume-garden.wiki.pages.${mounter}.service`), text);
});

test("a client knows the sites' monitors and not the witness, and speaks encrypted only", () => {
  const text = renderClientConf(options.map);
  golden(at("ceph.conf"), text);
  expect(text).not.toContain(options.map.witness?.address ?? "no witness");
  expect(renderClientKeyring({ client: options.client, key })).toBe(
    `[client.zcloud.north.zpod1.garden]\n\tkey = ${key}\n`,
  );
});
