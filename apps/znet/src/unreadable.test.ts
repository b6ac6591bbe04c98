import type { NewEvent } from "@zcloud/service";
import { expect, test } from "vitest";
import { tellUnreadable, unreadableStacks } from "./unreadable.ts";

test("each key that can't be read is a problem that names it and why, and one event for each reason", () => {
  let invalid = new Map([["demo.hello", "files: expected record"]]);
  expect(unreadableStacks(invalid)).toEqual([
    {
      what: "the bus's value of stack demo/hello (bucket stacks, key demo.hello) can't be read: files: expected record",
      remedy: "zctl deploy it again, or zctl remove demo/hello; what runs goes on meanwhile",
    },
  ]);
  const events: NewEvent[] = [];
  const look = tellUnreadable({ invalid: () => invalid }, (event) => events.push(event));
  look();
  look();
  invalid = new Map([["demo.hello", "v: expected 1"]]);
  look();
  invalid = new Map();
  look();
  expect(events.map(({ kind, subject, reason }) => `${kind} ${subject} ${reason}`)).toEqual([
    "stack-unreadable demo/hello key demo.hello of the bucket stacks can't be read: files: expected record; what runs goes on",
    "stack-unreadable demo/hello key demo.hello of the bucket stacks can't be read: v: expected 1; what runs goes on",
  ]);
  expect(unreadableStacks(invalid)).toEqual([]);
});
