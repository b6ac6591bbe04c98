import { expect, test } from "vitest";
import { slotOfAlarm } from "./alarms.ts";

test.each([
  ["<129>Nov 23 01:48:30 haproxy[7]: Server e129/web-1 is DOWN, reason: Layer4 connection problem.", 129],
  ["<128>Nov 23 01:48:30 haproxy[7]: backend e7 has no server available!", 7],
  ["<129>Nov 23 01:48:30 haproxy[7]: Server l129/web-1 is DOWN, reason: Layer4 timeout.", undefined],
  ["<129>Nov 23 01:48:30 haproxy[7]: Server link/south is DOWN.", undefined],
  ["<133>Nov 23 01:48:30 haproxy[7]: Server e129/web-1 is UP.", undefined],
  ["", undefined],
])("%s", (message, slot) => {
  expect(slotOfAlarm(message)).toBe(slot);
});
