import { describe, expect, it } from "vitest";
import { goodMap, mapOf } from "./base-map.test-support.ts";
import {
  allHosts,
  allowedName,
  dialsPeer,
  findHost,
  hostOf,
  hostsOf,
  NotInMapError,
  peerOf,
  peerSite,
  siteOf,
  tcpServicesOf,
  tenantOf,
  tenantOfName,
  worldPorts,
  zcloudOf,
  zfrontOf,
  znetOf,
  zstoreOf,
} from "./select.ts";

const map = mapOf(goodMap);
const oneSite = { ...map, sites: map.sites.slice(0, 1).map((site) => ({ ...site, peer: undefined })) };

describe("hosts and sites", () => {
  it("are found by id, role and site", () => {
    expect(hostOf(map, "south/zpod2").address).toBe("10.64.2.18");
    expect(findHost(map, "south/zpod9")).toBeUndefined();
    expect(hostsOf(map, "zpod", "south").map(({ name }) => name)).toEqual(["zpod1", "zpod2"]);
    expect(hostsOf(map, "znet").map(({ id }) => id)).toEqual(["north/znet", "south/znet"]);
    expect(allHosts(map)).toHaveLength(14);
    expect([zcloudOf, znetOf, zfrontOf, zstoreOf].map((of) => of(map, "north").id)).toEqual([
      "north/zcloud",
      "north/znet",
      "north/zfront",
      "north/zstore",
    ]);
  });

  it("have peers while there are two sites", () => {
    expect(peerSite(map, "north")?.name).toBe("south");
    expect(peerOf(map, hostOf(map, "south/zmah1"))?.id).toBe("north/zmah1");
    expect(peerSite(oneSite, "north")).toBeUndefined();
    expect(peerOf(oneSite, hostOf(oneSite, "north/zmah1"))).toBeUndefined();
  });

  it("that aren't there are named, and what is there", () => {
    expect(() => hostOf(map, "north/zpod3")).toThrow(
      /^find host north\/zpod3: the map has north\/zcloud, .*south\/zmah1$/,
    );
    expect(() => siteOf(map, "west")).toThrow("find site west: the map has north and south");
    expect(() => znetOf(map, "west")).toThrow(NotInMapError);
  });

  it("the later site dials", () => {
    expect([dialsPeer(map, "north"), dialsPeer(map, "south"), dialsPeer(oneSite, "north")]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe("tenants and services", () => {
  it("own names", () => {
    const garden = tenantOf(map, "garden");
    if (garden === undefined) throw new Error("no garden");
    expect(allowedName(garden, "wiki.garden.example.net")).toBe(true);
    expect(allowedName(garden, "garden.example.net")).toBe(false);
    expect(allowedName(garden, "mail.example.net")).toBe(false);
    expect(tenantOfName(map, "mail.example.net")?.name).toBe("mail");
    expect(tenantOfName(map, "www.example.org")).toBeUndefined();
    expect(tenantOf(map, "nobody")).toBeUndefined();
  });

  it("answer ports", () => {
    expect(worldPorts(map)).toEqual([25, 80, 443]);
    expect(tcpServicesOf(map, "mail", "mail").map(({ name }) => name)).toEqual(["smtp"]);
    expect(tcpServicesOf(map, "mail", "mail", "dovecot")).toEqual([]);
    expect(tcpServicesOf(map, "garden", "mail")).toEqual([]);
  });
});
