import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MonitorObserved, planDaemons, planMonitor } from "./plan.ts";

const waiting: MonitorObserved = {
  configured: true,
  store: "none",
  waits: false,
  mayFound: false,
  quorum: false,
  running: false,
};
const steps = (change: Partial<MonitorObserved>) =>
  planMonitor("north", { ...waiting, ...change }).map(({ kind }) => kind);

describe("a monitor", () => {
  test.each<[string, Partial<MonitorObserved>, string[]]>([
    ["waits for its secrets", { configured: false, mayFound: true }, []],
    ["waits for a cluster that others have", {}, []],
    ["founds one where it may", { mayFound: true }, ["found", "start", "founded"]],
    ["joins where there is one", { quorum: true }, ["join", "start"]],
    ["joins rather than founds a second one", { quorum: true, mayFound: true }, ["join", "start", "founded"]],
    ["is started with what it has", { store: "made" }, ["start"]],
    ["goes on founding where it broke off", { store: "made", mayFound: true }, ["start", "founded"]],
    ["that waits is made before there is a cluster, and joins by itself", { waits: true }, ["wait", "start"]],
    ["that waits is left alone, too", { waits: true, store: "made", running: true }, []],
    ["is left alone", { store: "made", running: true }, []],
  ])("%s", (_, change, expected) => {
    expect(steps(change)).toEqual(expected);
  });

  test("a store is made anew only where there is none, and founded only where that was allowed", () => {
    const any = fc.record({
      configured: fc.boolean(),
      store: fc.constantFrom("none" as const, "made" as const),
      waits: fc.boolean(),
      mayFound: fc.boolean(),
      quorum: fc.boolean(),
      running: fc.boolean(),
    });
    fc.assert(
      fc.property(any, (observed) => {
        const kinds = planMonitor("north", observed).map(({ kind }) => kind);
        if (observed.store === "made") expect(kinds.filter((kind) => kind === "join" || kind === "wait")).toEqual([]);
        if (observed.waits) expect(kinds).not.toContain("found");
        if (kinds.includes("found"))
          expect([observed.store, observed.mayFound, observed.quorum]).toEqual(["none", true, false]);
      }),
    );
  });
});

test("a daemon gets its key from a quorum; one that has it starts without", () => {
  const mgr = { kind: "mgr", name: "north", keyring: false, running: false } as const;
  const kinds = (quorum: boolean, change: object) =>
    planDaemons(quorum, [{ ...mgr, ...change }]).map(({ kind }) => kind);
  expect(kinds(false, {})).toEqual([]);
  expect(kinds(true, {})).toEqual(["give-key", "start"]);
  expect(kinds(false, { keyring: true })).toEqual(["start"]);
  expect(kinds(true, { keyring: true, running: true })).toEqual([]);
});
