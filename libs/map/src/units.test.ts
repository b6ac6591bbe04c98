import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationComplaint, formatDuration, formatSize, parseDuration, parseSize, sizeComplaint } from "./units.ts";

describe("sizes", () => {
  it("are multiples of 1024", () => {
    expect(parseSize("1K")).toBe(1024);
    expect(parseSize("20G")).toBe(20 * 1024 ** 3);
    expect(parseSize("1.5T")).toBe(1.5 * 1024 ** 4);
  });

  it.each(["20", "G", "20g", "20GB", "-1G", "1e3G", " 1G", "1G\n", "1.G", "9999999G"])("%j is none", (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it("round trip through their text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1023 }), fc.constantFrom("K", "M", "G", "T"), (amount, unit) => {
        expect(formatSize(parseSize(`${amount}${unit}`) ?? 0)).toBe(`${amount}${unit}`);
      }),
    );
    expect(formatSize(1000)).toBe("1000 bytes");
    expect(formatSize(1.5 * 1024 ** 3)).toBe("1.5G");
  });

  it.each([
    ["8GB", "8GB is not a size; write 8G"],
    ["8 gib", "8 gib is not a size; write 8G"],
    ["lots", "lots is not a size; write a number and K, M, G or T, e.g. 20G"],
    ["0G", "0G is nothing; write e.g. 20G"],
  ])("%s: %s", (text, complaint) => {
    expect(sizeComplaint(text)).toBe(complaint);
  });
});

describe("durations", () => {
  it("are seconds", () => {
    expect(["90s", "5m", "2h", "30d", "1w"].map(parseDuration)).toEqual([90, 300, 7200, 2_592_000, 604_800]);
  });

  it("are shown in the largest unit that fits", () => {
    expect([604_800, 2_592_000, 7200, 90, 0].map(formatDuration)).toEqual(["1w", "30d", "2h", "90s", "0s"]);
  });

  it.each([
    ["30 days", "30 days is not a duration; write 30d"],
    ["3 months", "3 months is not a duration; write a number and s, m, h, d or w, e.g. 30d"],
    ["0d", "0d is nothing; write e.g. 30d"],
  ])("%s: %s", (text, complaint) => {
    expect(durationComplaint(text)).toBe(complaint);
  });
});
