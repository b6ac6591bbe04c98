import type { RemovedStack, StackEntry } from "@zcloud/events";
import { expect, test } from "vitest";
import { keptFor, RemovalsReconciler } from "./removals.ts";

const stack: StackEntry = {
  ...{ v: 1, tenant: "demo", project: "live", files: {}, digest: "d", deployedAt: "2026-01-01T00:00:00Z", actor: "r" },
};
const mark = (project: string, removedAt: string): RemovedStack => {
  return { v: 1, tenant: "demo", project, removed: true, removedAt, actor: "robin" };
};

function setup(entries: readonly StackEntry[], fresh = true) {
  const forgotten: string[] = [];
  const now = Date.parse("2026-11-22T12:00:00Z");
  const map = new Map(entries.map((entry) => [`${entry.tenant}.${entry.project}`, entry]));
  const reconciler = new RemovalsReconciler({
    stacks: { entries: () => map, fresh: () => fresh },
    admin: { forgetStack: async ({ project }) => void forgotten.push(project) },
    clock: { now: () => now, after: () => () => {} },
  });
  const plan = async () => reconciler.plan({}, await reconciler.observe());
  return { reconciler, plan, forgotten, now };
}

test("words of removal go after 30 days, and nothing else does", async () => {
  const before = (ms: number) => new Date(Date.parse("2026-11-22T12:00:00Z") - ms).toISOString();
  const { reconciler, plan, forgotten } = setup([
    ...[stack, mark("old", before(keptFor + 1)), mark("young", before(keptFor))],
  ]);
  const actions = await plan();
  expect(actions.map(({ subject }) => subject)).toEqual(["demo/old"]);
  for (const action of actions) await reconciler.apply(action);
  expect(forgotten).toEqual(["old"]);
  expect(await plan()).toEqual([]);
});

test("nothing is forgotten on the word of an old copy", async () => {
  expect(await setup([mark("old", "2020-01-01T00:00:00Z")], false).plan()).toEqual([]);
});
