import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, isWithin, labelComplaint, publicNameComplaint } from "./names.ts";

describe("public names", () => {
  it.each([
    "garden.example.net",
    "*.garden.example.net",
    "4114.us",
    "xn--bcher-kva.example",
    "a-b.c.example",
  ])("%s is one", (name) => {
    expect(publicNameComplaint(name)).toBeUndefined();
  });

  it.each([
    ["Garden.Example.net", "write garden.example.net"],
    ["garden.example.net.", "write garden.example.net"],
    ["bücher.example", "write xn--bcher-kva.example"],
    ["*.Bücher.example", "write xn--bcher-kva.example"],
    ["https://garden.example.net/", "is a URL; write the host name only"],
    ["garden.example.net:8080", "has a port; write the host name only"],
    ["198.51.100.10", "is an address; write a host name"],
    ["garden", "has one label only; write it in full, e.g. garden.example.net"],
    ["*.net", "would take every name in net; name the domain too"],
    ["www.*.example.net", "a wildcard is *. and a host name"],
    ["my_garden.example.net", "is not a host name"],
    ["-a.example.net", "is not a host name"],
    [`${"a".repeat(64)}.example.net`, "is not a host name"],
    [`${"a.".repeat(130)}net`, "is not a host name"],
    ["garden.example.net/path", "is not a host name"],
    ["a.example.123", "is not a host name"],
    ["", "is not a host name"],
  ])("%s is none: %s", (name, complaint) => {
    expect(publicNameComplaint(name)).toContain(complaint);
  });
});

it("corrects labels", () => {
  expect(labelComplaint("garden-2")).toBeUndefined();
  expect(labelComplaint("My Garden")).toContain("write my-garden");
  expect(labelComplaint("-")).toContain("e.g. garden");
  expect(labelComplaint("a".repeat(41))).toContain("1 to 40");
});

const label = fc.stringMatching(/^[a-z]{1,8}$/);
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));

describe("wildcards", () => {
  it("cover exactly one more label", () => {
    fc.assert(
      fc.property(name, label, label, (domain, a, b) => {
        expect(covers(`*.${domain}`, `${a}.${domain}`)).toBe(true);
        expect(covers(`*.${domain}`, `${a}.${b}.${domain}`)).toBe(false);
        expect(covers(`*.${domain}`, domain)).toBe(false);
        expect(covers(`*.${domain}`, `${a}${domain}`)).toBe(false);
      }),
    );
  });

  it("cover no text that is no label", () => {
    for (const label of ["", "-a", "a b", 'a"', "a\nb", "\u001b[2j", "a".repeat(64), "é"])
      expect(covers("*.example.net", `${label}.example.net`), label).toBe(false);
  });

  it("cover no other wildcard", () => {
    expect(covers("*.example.net", "*.example.net")).toBe(true);
    expect(covers("*.example.net", "*.garden.example.net")).toBe(false);
  });
});

it("knows what is within a domain by whole labels", () => {
  expect(isWithin("a.example.net", "example.net")).toBe(true);
  expect(isWithin("example.net", "example.net")).toBe(true);
  expect(isWithin("badexample.net", "example.net")).toBe(false);
});
