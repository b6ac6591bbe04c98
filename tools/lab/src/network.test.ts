import { allHosts } from "@zcloud/map";
import { describe, expect, test } from "vitest";
import { unitName } from "./layout.ts";
import { type NetworkPlan, networkPlan, partOf } from "./network.ts";
import { labMap, oneSite } from "./sample.testing.ts";

const plan = networkPlan(labMap, "t");
const names = (part: NetworkPlan) => part.netns.map(({ name }) => name);

/** Follows routes from a namespace to an address, as packets would; the interfaces they leave by. */
function path(from: string, address: string): readonly string[] {
  const inNetwork = (to: string) =>
    to === "default" || to === address || (to.endsWith("/24") && address.startsWith(to.slice(0, -4)));
  const hops: string[] = [];
  for (let at = from; hops.length < 10; ) {
    const owned = [
      ...plan.netns.filter(({ name }) => name === at).flatMap(({ addresses }) => addresses),
      ...plan.links.flatMap(({ ends }) => ends.filter(({ netns }) => netns === at).flatMap((end) => end.addresses)),
    ];
    if (owned.includes(address)) return hops;
    const routes = plan.routes.filter((route) => route.netns === at && inNetwork(route.to));
    const route = routes.find(({ to }) => to !== "default") ?? routes[0];
    if (route === undefined) return [...hops, "unreachable"];
    const link = plan.links.find(({ ends }) => ends.some((end) => end.netns === at && end.name === route.device));
    const other = link?.ends.find((end) => end.netns !== at);
    if (other === undefined) return [...hops, `${at} has no ${route.device}`];
    hops.push(`${at.replace("zc-t-", "")}:${route.device}`);
    at = other.netns;
  }
  return [...hops, "loop"];
}

describe("networkPlan", () => {
  test("every namespace is there once, and every link and route is in one of them", () => {
    expect(new Set(names(plan)).size).toBe(plan.netns.length);
    for (const { ends } of plan.links) for (const { netns } of ends) expect(names(plan)).toContain(netns);
    for (const { netns, device } of plan.routes) {
      const devices = plan.links.flatMap(({ ends }) =>
        ends.filter((end) => end.netns === netns).map(({ name }) => name),
      );
      expect(devices).toContain(device);
    }
  });

  test("interface names fit into Linux's 15 characters and are not used twice in a namespace", () => {
    const ends = plan.links.flatMap((link) => link.ends);
    for (const { name } of ends) expect(name.length).toBeLessThanOrEqual(15);
    expect(new Set(ends.map(({ netns, name }) => `${netns} ${name}`)).size).toBe(ends.length);
  });

  test("VMs of a site meet at their zcloud only", () => {
    expect(path("zc-t-north-zpod1", "10.64.1.3")).toEqual(["north-zpod1:eth0", "north-zcloud:vm-zfront"]);
  });

  test("the peer site is behind the tunnel, not behind the internet", () => {
    expect(path("zc-t-north-zfront", "10.64.2.3")).toEqual([
      "north-zfront:eth0",
      "north-zcloud:wg-peer",
      "tunnel:south",
      "south-zcloud:vm-zfront",
    ]);
  });

  test("the world reaches public addresses and nothing behind them", () => {
    expect(path("zc-t-client", "203.0.113.10")).toEqual(["client:eth0", "internet:south"]);
    expect(path("zc-t-client", "10.64.1.3").at(-1)).toBe("unreachable");
  });

  test("every host reaches the public resolver and the ACME authority", () => {
    for (const { id } of allHosts(labMap))
      for (const address of ["192.0.2.53", "192.0.2.80"])
        expect(path(unitName("t", id), address).at(-1)).toMatch(/:wan$/);
  });

  test("one site has no tunnel and no witness", () => {
    const alone = networkPlan(oneSite, "t");
    expect(names(alone).filter((name) => /tunnel|witness|south/.test(name))).toEqual([]);
    expect(JSON.stringify(alone)).not.toContain("wg-peer");
  });
});

describe("partOf", () => {
  test("one VM: its namespace, its link, the routes at both ends", () => {
    const part = partOf(plan, new Set(["zc-t-north-zpod1"]));
    expect(names(part)).toEqual(["zc-t-north-zpod1"]);
    expect(part.links).toHaveLength(1);
    expect(part.routes.map(({ netns, to }) => `${netns} ${to}`).sort()).toEqual([
      "zc-t-north-zcloud 10.64.1.17",
      "zc-t-north-zpod1 default",
    ]);
  });

  test("all parts together are the whole", () => {
    const whole = partOf(plan, new Set(names(plan)));
    expect(whole).toEqual(plan);
  });
});
