import { expect, it } from "vitest";
import type { StacksDesired } from "./desired.ts";
import { stack } from "./podman.test-support.ts";
import { createTold } from "./refusals.ts";

const nothing: StacksDesired = {
  ...{ here: new Map(), refused: new Map(), elsewhere: new Map() },
  ...{ removed: new Map(), unreadable: new Map(), entered: undefined },
};
const deployed = new Map([["demo/hello", {}]]);
const problem = { file: "compose.yaml", line: 3, column: 5, path: "services.web.pid", message: "no" };

it("says a refusal once, and again after it was gone or for another reason", () => {
  const told = createTold();
  const refused = (message: string): StacksDesired => {
    const problems = [{ ...problem, message }];
    return { ...nothing, refused: new Map([["demo/hello", { stack: stack("hello", ""), problems }]]) };
  };
  expect(told(refused("no"), deployed)).toEqual([
    { kind: "stack-refused", level: "error", subject: "demo/hello", reason: "compose.yaml:3:5  services.web.pid  no" },
  ]);
  expect(told(refused("no"), deployed)).toEqual([]);
  expect(told(refused("never"), deployed)).toHaveLength(1);
  expect(told(nothing, deployed)).toEqual([]);
  expect(told(refused("never"), deployed)).toHaveLength(1);
});

it("says of what is here that the bus's value can't be read, and why; of other hosts' stacks nothing", () => {
  const told = createTold();
  const unreadable = new Map([
    ["demo/hello", "files: expected record"],
    ["demo/other", "files: expected record"],
  ]);
  const news = told({ ...nothing, unreadable }, deployed);
  expect(news).toMatchObject([{ kind: "stack-unreadable", level: "error", subject: "demo/hello" }]);
  expect(news[0]?.reason).toContain("can't be read (files: expected record), so what is here goes on");
  expect(told({ ...nothing, unreadable }, deployed)).toEqual([]);
});
