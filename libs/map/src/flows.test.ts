import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aMap } from "./any-map.test-support.ts";
import { autonomy, ports } from "./autonomy.ts";
import { goodMap, mapOf } from "./base-map.test-support.ts";
import { flowsFrom, flowsTo, mayConnect, resolveFlows } from "./flows.ts";
import { allHosts, findHost, NotInMapError } from "./select.ts";

const map = mapOf(goodMap);
const ids = (flows: readonly { readonly id: string }[]) => flows.map(({ id }) => id);
const places = (id: string, site = "north") => {
  const flows = resolveFlows(map, site).filter((flow) => flow.id === id);
  return flows.map(
    ({ from, to }) => `${from.map((place) => place.id).join(" ")} -> ${to.map((place) => place.id).join(" ")}`,
  );
};

describe("tenants' log lines", () => {
  it("have a way from the front where the map names a place for them, and none else", () => {
    const named = mapOf(goodMap.replace("storage:", "log: { name: logs.example.net }\nstorage:"));
    const way = (of: typeof map, from: string, to = "north/znet") => mayConnect(of, from, to, "tcp", ports.tenantLogs);
    expect(way(named, "north/zfront")).toBe(true);
    expect(["world", "south/zfront", "north/zpod1", "north/zmah1"].filter((from) => way(named, from))).toEqual([]);
    expect(way(named, "north/zfront", "south/znet")).toBe(false);
    expect(way(map, "north/zfront")).toBe(false);
  });
});

describe("the table", () => {
  it("has each line once, with ports or the name of what decides them", () => {
    expect(new Set(ids(autonomy)).size).toBe(autonomy.length);
    for (const flow of autonomy) expect(flow.ports.length > 0).toBe(flow.dynamic === undefined);
  });

  it("lets znet and zfront open nothing to zstore", () => {
    const targets = [...flowsFrom("znet"), ...flowsFrom("zfront")].map(({ to }) =>
      typeof to === "string" ? to : to.role,
    );
    expect(targets).not.toContain("zstore");
  });

  it("has no line by which znet, zfront or zstore can't do without a VM of their own site, but what they exist for", () => {
    const needs = (["znet", "zfront", "zstore"] as const).flatMap((role) =>
      flowsFrom(role).filter(({ to, kind }) => {
        return kind === "runtime" && typeof to !== "string" && to.where === "local";
      }),
    );
    expect(ids(needs)).toEqual(["zfront-zpod", "zfront-zmah"]);
  });

  it("lets zmah need nobody local", () => {
    const needs = flowsFrom("zmah").filter(({ kind }) => kind === "runtime");
    expect(needs.map(({ to }) => to)).toEqual([{ role: "zmah", where: "peer" }]);
  });

  it("is selected by role, every VM's lines included", () => {
    expect(ids(flowsFrom("zmah"))).toEqual([
      "vm-znet-dns",
      "vm-znet-ntp",
      "vm-znet-logs",
      "vm-znet-nats",
      "zmah-zfront",
      "zmah-zfront-tcp",
      "zmah-peer",
      "vm-internet",
    ]);
    expect(ids(flowsTo("zmah"))).toEqual(["znet-zmah-metrics", "zfront-zmah", "zmah-peer", "zcloud-vm"]);
    expect(ids(flowsTo("zcloud"))).toEqual(["world-zcloud", "peer-zcloud"]);
    expect(ids(flowsFrom("zcloud"))).toEqual(["peer-zcloud", "zcloud-vm"]);
  });
});

describe("a site's flows", () => {
  it("are both directions between peers", () => {
    expect(places("zfront-peer")).toEqual(["north/zfront -> south/zfront", "south/zfront -> north/zfront"]);
  });

  it("are only its own where they stay within a site", () => {
    expect(places("zfront-zpod")).toEqual(["north/zfront -> north/zpod1 north/zpod2"]);
    expect(places("zfront-zpod", "south")).toEqual(["south/zfront -> south/zpod1 south/zpod2"]);
    expect(places("zstore-witness")).toEqual(["north/zstore -> witness"]);
  });

  it("don't lead from a host to itself", () => {
    expect(places("vm-znet-dns")).toEqual([
      "north/zfront north/zstore north/zpod1 north/zpod2 north/zmah1 -> north/znet",
    ]);
  });

  it("have the ports that the map decides, and are left out where it decides none", () => {
    const through = (id: string, of = map) => resolveFlows(of, "north").find((flow) => flow.id === id)?.ports;
    expect(through("world-zfront-tcp")).toEqual([{ protocol: "tcp", from: 25, to: 25 }]);
    const tenants = map.tenants.map((tenant, index) => ({ ...tenant, ports: index === 0 ? [6667] : [] }));
    expect(through("world-zfront-tcp", { ...map, tenants })).toEqual([
      { protocol: "tcp", from: 25, to: 25 },
      { protocol: "tcp", from: 6667, to: 6667 },
    ]);
    expect(through("zmah-peer")).toEqual([{ protocol: "tcp", from: 636, to: 636 }]);
    expect(through("vm-internet")).toBe("any");
    expect(through("zmah-peer", { ...map, replication: [] })).toBeUndefined();
  });

  it("mean the public addresses between hypervisors, and the host's own everywhere else", () => {
    const [wireguard] = resolveFlows(map, "north").filter(({ id }) => id === "peer-zcloud");
    expect(wireguard?.from[0]).toEqual({ id: "south/zcloud", address: "203.0.113.10", except: [] });
    expect(wireguard?.to[0]).toEqual({ id: "north/zcloud", address: "198.51.100.10", except: [] });
    expect(resolveFlows(map, "north").find(({ id }) => id === "zcloud-vm")?.from[0]?.address).toBe("10.64.1.1");
  });

  it("keep everybody but monitors from the witness, and the world from looking like a site", () => {
    const flows = resolveFlows(map, "north");
    expect(flows.find(({ id }) => id === "vm-internet")?.to).toEqual([
      { id: "internet", address: "0.0.0.0/0", except: ["10.64.1.0/24", "10.64.2.0/24", "192.0.2.7"] },
    ]);
    expect(flows.find(({ id }) => id === "world-zfront")?.from[0]?.except).toEqual(["10.64.1.0/24", "10.64.2.0/24"]);
  });

  it("need a site of the map", () => {
    expect(() => resolveFlows(map, "west")).toThrow(NotInMapError);
  });
});

describe("mayConnect", () => {
  it.each([
    ["world", "north/zfront", "tcp", 443, true],
    ["world", "north/zfront", "udp", 443, false],
    ["world", "north/zfront", "tcp", 25, true],
    ["world", "north/zpod1", "tcp", 443, false],
    ["world", "north/zcloud", "tcp", 22, true],
    ["world", "north/znet", "tcp", 22, false],
    ["north/zfront", "north/zpod2", "tcp", 40_000, true],
    ["north/zfront", "north/zpod2", "tcp", 22, false],
    ["north/zfront", "south/zpod1", "tcp", 40_000, false],
    ["north/zpod1", "north/zfront", "tcp", 443, true],
    ["north/zpod1", "north/zfront", "tcp", 25, true],
    ["north/zpod1", "north/zpod2", "tcp", 40_000, false],
    ["north/zpod1", "south/zstore", "tcp", 6800, true],
    ["north/zpod1", "witness", "tcp", 3300, false],
    ["north/zstore", "witness", "tcp", 3300, true],
    ["north/zmah1", "north/zfront", "tcp", 443, true],
    ["north/zmah1", "north/zfront", "tcp", 25, true],
    ["north/zmah1", "north/zfront", "tcp", 9546, false],
    ["north/zmah1", "south/zfront", "tcp", 443, false],
    ["north/zmah1", "north/zpod1", "tcp", 40_000, false],
    ["north/zmah1", "south/zmah1", "tcp", 636, true],
    ["north/zmah1", "south/zmah1", "tcp", 637, false],
    ["north/zcloud", "north/zpod1", "tcp", 22, true],
    ["north/zcloud", "south/zpod1", "tcp", 22, false],
    ["south/zpod1", "internet", "tcp", 443, true],
    ["north/zcloud", "internet", "tcp", 443, false],
    ["north/znet", "north/zfront", "tcp", 9550, true],
    ["north/znet", "north/zfront", "tcp", 9551, true],
    ["north/znet", "north/zpod2", "tcp", 9550, true],
    ["north/znet", "north/zmah1", "tcp", 9550, true],
    ["north/znet", "north/zmah1", "tcp", 9551, false],
    ["north/znet", "north/zstore", "tcp", 9550, false],
    ["north/znet", "south/zfront", "tcp", 9551, false],
    ["north/zpod1", "north/zfront", "tcp", 9551, false],
    ["world", "north/zfront", "tcp", 9551, false],
  ] as const)("%s to %s, %s %i: %s", (from, to, protocol, port, allowed) => {
    expect(mayConnect(map, from, to, protocol, port)).toBe(allowed);
  });

  it("needs hosts of the map", () => {
    expect(() => mayConnect(map, "north/zpod9", "north/znet", "udp", 53)).toThrow("find host north/zpod9");
  });
});

describe("in any map", () => {
  const forbidden = new Set(["znet", "zfront", "zmah", "zcloud"]);

  it("only zpod, zstore and the witness reach a zstore, but for SSH", () => {
    fc.assert(
      fc.property(aMap, (any) => {
        for (const flow of any.sites.flatMap(({ name }) => resolveFlows(any, name))) {
          const toStore = flow.to.some(({ id }) => id.endsWith("/zstore"));
          const refused = flow.from.filter(({ id }) => id === "world" || forbidden.has(findHost(any, id)?.role ?? ""));
          if (toStore && refused.length > 0) expect(flow.id).toBe("zcloud-vm");
        }
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it("the internet means no host: nothing that is open to all is open to a site", () => {
    fc.assert(
      fc.property(aMap, (any) => {
        for (const { from, to } of any.sites.flatMap(({ name }) => resolveFlows(any, name))) {
          for (const place of [...from, ...to].filter(({ address }) => address === "0.0.0.0/0")) {
            for (const { network } of any.sites) expect(place.except).toContain(network);
          }
        }
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it("every place but the outside is one machine of the map, and no flow is empty", () => {
    fc.assert(
      fc.property(aMap, (any) => {
        const known = new Set([...allHosts(any).map(({ id }) => id), "witness", "world", "internet"]);
        for (const { from, to, ports: through } of any.sites.flatMap(({ name }) => resolveFlows(any, name))) {
          expect(from.length * to.length * through.length).toBeGreaterThan(0);
          for (const { id } of [...from, ...to]) expect(known).toContain(id);
        }
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it("both sites agree on what passes between them", () => {
    fc.assert(
      fc.property(aMap, (any) => {
        const [north, south] = any.sites.map(({ name }) => resolveFlows(any, name));
        if (north === undefined || south === undefined) return;
        const between = (flows: typeof north) =>
          flows.filter(({ from, to }) => {
            const sites = [...from, ...to].map(({ id }) => id.split("/")[0]);
            return sites.includes("north") && sites.includes("south");
          });
        expect(between(north)).toEqual(between(south));
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it("no two ends of mayConnect disagree with the resolved flows", () => {
    fc.assert(
      fc.property(aMap, (any) => {
        const hosts = allHosts(any);
        const front = hosts.filter(({ role }) => role === "zfront" || role === "znet");
        for (const from of front) {
          for (const to of hosts.filter(({ role }) => role === "zstore")) {
            expect(mayConnect(any, from.id, to.id, "tcp", ports.cephMon)).toBe(false);
          }
        }
      }),
      { numRuns: 40 },
    );
  }, 30_000);
});
