import { describe, expect, it } from "vitest";
import type { StacksDesired } from "./desired.ts";
import type { Failure } from "./jobs.ts";
import type { Deployed } from "./plan.ts";
import { container, spec, stack } from "./podman.test-support.ts";
import { reportStacks } from "./report.ts";

const deployed: Deployed = {
  ...{ tenant: "demo", project: "hello", digest: "old", override: "", applied: true },
  ...{ spec: spec(), at: "2026-11-22T12:00:00Z" },
};
const nothing: StacksDesired = {
  ...{ here: new Map(), refused: new Map(), elsewhere: new Map() },
  ...{ removed: new Map(), unreadable: new Map(), entered: undefined },
};
const input = {
  desired: nothing,
  deployed: new Map([["demo/hello", deployed]]),
  containers: [container()],
  busy: new Set<string>(),
  failures: new Map<string, Failure>(),
};

describe("reportStacks", () => {
  it("shows a stack that is well", () => {
    expect(reportStacks(input)).toMatchObject([
      {
        ...{ stack: "demo/hello", state: "running", reasons: [], placement: "both", digest: "old", tried: undefined },
        names: ["hello.lab.example"],
        containers: [{ health: "healthy", published: ["10.64.1.17:40001"] }],
      },
    ]);
  });

  it.each([
    ["degraded", [container({ health: "unhealthy" })], "demo_hello-web-1 is unhealthy"],
    ["down", [container({ state: "exited", exitCode: 1 })], "demo_hello-web-1 is exited (exit code 1)"],
    ["down", [], "web has 0 of 1 containers"],
  ] as const)("says that it is %s, and why", (state, containers, reason) => {
    expect(reportStacks({ ...input, containers })).toMatchObject([{ state, reasons: [reason] }]);
  });

  it("is degraded, though it serves, where the bus's word of it can't be read or isn't there", () => {
    const unreadable = new Map([["demo/hello", "files: expected record"]]);
    const entered = new Set(["demo/hello"]);
    expect(reportStacks({ ...input, desired: { ...nothing, unreadable, entered } })).toMatchObject([
      {
        state: "degraded",
        reasons: [
          "what the bus has of it can't be read (files: expected record), so what is here goes on; " +
            "zctl deploy it again, or zctl remove it",
        ],
      },
    ]);
    expect(reportStacks({ ...input, desired: { ...nothing, entered: new Set() } })).toMatchObject([
      { state: "degraded", reasons: [expect.stringContaining("no word of it")] },
    ]);
    expect(reportStacks({ ...input, desired: { ...nothing, entered } })).toMatchObject([{ state: "running" }]);
  });

  it("shows a refusal with its lines beside what still runs", () => {
    const problem = { file: "compose.yaml", line: 3, column: 5, path: "services.web.pid", message: "no" };
    const refused = new Map([["demo/hello", { stack: { ...stack("hello", ""), digest: "new" }, problems: [problem] }]]);
    expect(reportStacks({ ...input, desired: { ...nothing, refused } })).toMatchObject([
      { state: "refused", digest: "old", tried: "new", reasons: ["compose.yaml:3:5  services.web.pid  no"] },
    ]);
  });

  it("shows a failure with the digest that was tried, and work under way", () => {
    const outcome = { kind: "failed", reason: "no image", rolledBack: false } as const;
    const failures = new Map([
      [
        "demo/hello",
        {
          fingerprint: "",
          stack: { digest: "new", deployedAt: "2026-11-22T13:00:00Z" },
          outcome,
          attempts: 1,
          retryAt: 0,
          due: true,
        },
      ],
    ]);
    expect(reportStacks({ ...input, failures })).toMatchObject([
      { state: "failed", tried: "new", triedAt: "2026-11-22T13:00:00Z", reasons: ["no image"] },
    ]);
    expect(reportStacks({ ...input, failures, busy: new Set(["demo/hello"]) })).toMatchObject([{ state: "changing" }]);
  });
});
