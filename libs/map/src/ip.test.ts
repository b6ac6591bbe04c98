import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalIpv6, contains, formatIpv4, formatNetwork, overlaps, parseIpv4, parseNetwork } from "./ip.ts";

const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe("IPv4", () => {
  it("round trips", () => {
    fc.assert(
      fc.property(bits, (address) => {
        expect(parseIpv4(formatIpv4(address))).toBe(address);
      }),
    );
  });

  it.each(["1.2.3", "1.2.3.4.5", "256.1.1.1", "0x1.2.3.4", "1.2.3.04", "", "::1", " 1.2.3.4"])("%j is none", (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });
});

describe("networks", () => {
  it("hold exactly the addresses that share their prefix", () => {
    fc.assert(
      fc.property(bits, bits, fc.integer({ min: 1, max: 32 }), (a, b, prefix) => {
        const network = parseNetwork(`${formatIpv4(a)}/${prefix}`);
        const share = Math.floor(a / 2 ** (32 - prefix)) === Math.floor(b / 2 ** (32 - prefix));
        expect(network !== undefined && contains(network, b)).toBe(share);
      }),
    );
  });

  it("overlap exactly when one holds the other's first address", () => {
    const network = fc.tuple(bits, fc.integer({ min: 4, max: 30 })).map(([a, prefix]) => {
      const found = parseNetwork(`${formatIpv4(a)}/${prefix}`);
      if (found === undefined) throw new Error("not a network");
      return found;
    });
    fc.assert(
      fc.property(network, network, (a, b) => {
        expect(overlaps(a, b)).toBe(contains(a, b.first) || contains(b, a.first));
        expect(overlaps(a, b)).toBe(overlaps(b, a));
      }),
    );
  });

  it("overlap where they share one address only", () => {
    const [whole, last, next] = ["10.0.0.0/24", "10.0.0.255/32", "10.0.1.0/32"].map(parseNetwork);
    if (whole === undefined || last === undefined || next === undefined) throw new Error("not a network");
    expect([overlaps(whole, last), overlaps(last, whole), overlaps(whole, next)]).toEqual([true, true, false]);
  });

  it("are written with their first address", () => {
    const network = parseNetwork("10.64.1.77/24");
    expect(network && formatNetwork(network)).toBe("10.64.1.0/24");
  });

  it.each([
    "10.0.0.0",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0/8",
    "2001:db8::/32",
    "10.0.0.0/-1",
  ])("%j is none", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

it("writes IPv6 as RFC 5952 does", () => {
  expect(canonicalIpv6("2001:DB8:0:0:0::10")).toBe("2001:db8::10");
  expect(canonicalIpv6("fe80::1%eth0")).toBeUndefined();
  expect(canonicalIpv6("10.0.0.1")).toBeUndefined();
});
