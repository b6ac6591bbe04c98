import { describe, expect, it } from "vitest";
import type { Outcome } from "./deploy.ts";
import { StackJobs } from "./jobs.ts";
import { handClock } from "./podman.test-support.ts";

function setup() {
  const clock = handClock();
  const ended: { key: string; kind: string; repeated: boolean }[] = [];
  let changes = 0;
  const jobs = new StackJobs(
    clock,
    () => {
      changes += 1;
    },
    (key, { kind }, repeated) => ended.push({ key, kind, repeated }),
  );
  return { clock, ended, jobs, changes: () => changes };
}

const failed: Outcome = { kind: "failed", reason: "no image", rolledBack: false };

describe("StackJobs", () => {
  it("runs one job for a stack at a time, and those of other stacks beside it", async () => {
    const { jobs, ended } = setup();
    let release: () => void = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    jobs.start("a/a", { fingerprint: "1" }, async () => {
      await slow;
      return { kind: "done", what: "deployed" };
    });
    jobs.start("a/a", { fingerprint: "2" }, () => Promise.reject(new Error("must not run")));
    jobs.start("b/b", { fingerprint: "1" }, async () => ({ kind: "done", what: "deployed" }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([{ key: "b/b", kind: "done", repeated: false }]);
    expect([...jobs.busy()]).toEqual(["a/a"]);
    release();
    await jobs.settled();
    expect([...jobs.busy()]).toEqual([]);
    expect(ended).toHaveLength(2);
  });

  it("lets the same input wait after a failure, longer each time, and reports the same failure once", async () => {
    const { jobs, clock, ended, changes } = setup();
    jobs.start("a/a", { fingerprint: "1" }, async () => failed);
    await jobs.settled();
    expect(jobs.waiting()).toEqual(new Map([["a/a", "1"]]));
    const before = changes();
    await clock.move(15_000);
    expect(changes()).toBe(before + 1);
    expect(jobs.waiting().size).toBe(0);
    jobs.start("a/a", { fingerprint: "1" }, async () => failed);
    await jobs.settled();
    await clock.move(15_000);
    expect(jobs.waiting().size).toBe(1);
    await clock.move(15_000);
    expect(jobs.waiting().size).toBe(0);
    expect(ended.map(({ repeated }) => repeated)).toEqual([false, true]);
    jobs.start("a/a", { fingerprint: "1" }, async () => ({ kind: "done", what: "deployed" }));
    await jobs.settled();
    expect(jobs.failures().size).toBe(0);
  });

  it("waits no longer because the clock is set back meanwhile", async () => {
    const { jobs, clock } = setup();
    let ahead = 7_200_000;
    const skewed = new StackJobs(
      { ...clock, now: () => clock.now() + ahead },
      () => {},
      () => {},
    );
    skewed.start("a/a", { fingerprint: "1" }, async () => failed);
    await skewed.settled();
    ahead = 0;
    expect(skewed.waiting().size).toBe(1);
    await clock.move(15_000);
    expect(skewed.waiting().size).toBe(0);
    expect(jobs.waiting().size).toBe(0);
  });

  it("never tries again what was refused, or what had to be rolled back", async () => {
    const { jobs, clock } = setup();
    jobs.start("a/a", { fingerprint: "1" }, async () => ({ kind: "refused", problems: [] }));
    jobs.start("b/b", { fingerprint: "1" }, async () => ({ ...failed, rolledBack: true }));
    await jobs.settled();
    await clock.move(86_400_000);
    expect([...jobs.waiting().keys()].sort()).toEqual(["a/a", "b/b"]);
  });

  it("takes a job that throws as failed", async () => {
    const { jobs } = setup();
    jobs.start("a/a", { fingerprint: "1" }, () => Promise.reject(new Error("disk full")));
    await jobs.settled();
    expect(jobs.failures().get("a/a")?.outcome).toEqual({ kind: "failed", reason: "disk full", rolledBack: false });
  });
});
