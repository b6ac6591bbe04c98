import fc from "fast-check";
import { expect, test } from "vitest";
import { parseWindow, windowComplaint } from "./window.ts";

test.each([
  ["02:00-04:00", { start: 120, length: 120 }],
  ["23:30-00:30", { start: 1_410, length: 60 }],
  ["22:00-10:00", { start: 1_320, length: 720 }],
])("%s is a window", (text, expected) => {
  expect(parseWindow(text)).toEqual(expected);
  expect(windowComplaint(text)).toBeUndefined();
});

test.each([
  "",
  "02:00",
  "2:00-4:00",
  "24:00-01:00",
  "02:60-04:00",
  "02:00-02:29",
  "02:00-02:00",
  "02:00-14:01",
  "02:00-04:00 CET",
])("%j is none", (text) => {
  expect(parseWindow(text)).toBeUndefined();
  expect(windowComplaint(text)).toMatch(/e\.g\. 02:00-04:00$/);
});

test("what people write is what is meant, on both sides of midnight", () => {
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = (minute: number) => `${two(Math.floor(minute / 60) % 24)}:${two(minute % 60)}`;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1_439 }), fc.integer({ min: 30, max: 720 }), (start, length) => {
      expect(parseWindow(`${clock(start)}-${clock(start + length)}`)).toEqual({ start, length });
    }),
  );
});
