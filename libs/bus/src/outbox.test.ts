import type { Event } from "@zcloud/events";
import { expect, test } from "vitest";
import { createOutbox } from "./outbox.ts";

const event = (subject: string): Event => {
  const about = { kind: "test", level: "info", reason: "", actor: "north/zpod1" } as const;
  return { v: 1, at: "2026-11-22T15:00:00Z", host: "north/zpod1", subject, ...about };
};

test("keeps the newest events while the bus is away, and counts those that it gave up", () => {
  const outbox = createOutbox({ debug() {}, info() {}, warn() {} }, 3);
  for (const subject of ["a", "b", "c", "d", "e"]) outbox.push(event(subject));
  expect(outbox.waiting()).toBe(3);
  expect(outbox.dropped()).toBe(2);
});
