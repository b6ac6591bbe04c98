import { autonomy } from "@zcloud/map";
import { golden } from "@zcloud/testing";
import { describe, expect, test } from "vitest";
import { siteFlows } from "./flows.ts";
import { renderNftables } from "./render.ts";
import { oneSite, twoSites } from "./sample.testing.ts";

const goldenFile = (name: string) => new URL(`golden/${name}.nft`, import.meta.url);

describe("renderNftables", () => {
  test("two sites with a witness, two zPods and a TCP service", () => {
    golden(goldenFile("north"), renderNftables(twoSites, "north"));
  });

  test("a site alone has no rule for a tunnel or a peer", () => {
    const text = renderNftables(oneSite, "only");
    golden(goldenFile("only"), text);
    expect(text).not.toMatch(/wg-peer|51820/);
  });

  test("the same map gives the same text; another map another fingerprint", () => {
    expect(renderNftables(twoSites, "north")).toBe(renderNftables(structuredClone(twoSites), "north"));
    const comment = (text: string) => /comment "(.*)"/.exec(text)?.[1];
    expect(comment(renderNftables(twoSites, "north"))).not.toBe(comment(renderNftables(twoSites, "south")));
  });

  test("zNet and zFront never get to zStore", () => {
    for (const site of ["north", "south"]) {
      const accepted = renderNftables(twoSites, site)
        .split("\n")
        .filter((line) => line.endsWith("accept"));
      const towardStore = accepted.filter((line) => /oifname[^o]*vm-zstore|ip daddr 10\.64\.[12]\.4\b/.test(line));
      expect(towardStore.length).toBeGreaterThan(0);
      for (const line of towardStore)
        expect(line).not.toMatch(/iifname[^o]*vm-(znet|zfront)|saddr 10\.64\.[12]\.[23]\b/);
    }
  });
});

describe("siteFlows", () => {
  test("every line of the table crosses a zcloud of two sites, but for the witness's with the world", () => {
    const crossing = new Set(siteFlows(twoSites, "north").map(({ id }) => id));
    const ofSites = autonomy.filter(({ from, to }) => typeof from !== "string" || typeof to !== "string");
    expect([...crossing].sort()).toEqual(ofSites.map(({ id }) => id).sort());
    expect(autonomy.length - ofSites.length).toBe(2);
  });

  test("what the peer opens towards here is seen from both ends", () => {
    const leafnode = siteFlows(twoSites, "south").filter(({ id }) => id === "znet-peer-nats");
    const directions = leafnode.map(({ from, to }) =>
      [from, to].map((end) => end.kind === "vms" && end.where).join(" to "),
    );
    expect(directions.sort()).toEqual(["local to peer", "peer to local"]);
  });

  test("nobody needs leave to talk to himself", () => {
    const dns = siteFlows(twoSites, "north").find(({ id }) => id === "vm-znet-dns");
    expect(dns?.from.kind === "vms" && dns.from.hosts.map(({ name }) => name)).not.toContain("znet");
  });
});
