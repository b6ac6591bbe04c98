import type { LoadReport } from "@zcloud/testing";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually, openTestbed, type Testbed } from "./support/testbed.ts";

const hello = "https://hello.lab.example/";
const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Ids of the stack's containers, on their host. */
const containers = "podman ps -q --filter label=zcloud.project=hello";
/** The first process of each, with which the others die. */
const kill = `kill -9 $(${containers} | xargs podman inspect --format '{{.State.Pid}}')`;
/** All processes of all, as their host numbers them. One that ended since it was listed (podman writes `?`) needs no signal. */
const signal = (name: string): string =>
  `set -e
   for c in $(${containers}); do
     for pid in $(podman top $c hpid | grep '^[0-9]'); do kill -${name} $pid || test ! -e /proc/$pid; done
   done`;

describe("100 requests a second at north lose nothing", () => {
  let bed: Testbed;

  beforeAll(async () => {
    bed = await openTestbed();
    await served("north");
  });

  afterEach(async () => {
    await bed.powerOn("north", "south");
    await served("north");
  });

  /** All local servers of the site answer again. */
  async function served(site: string): Promise<void> {
    const seen: string[] = [];
    await eventually(
      `${site} serves hello itself`,
      90,
      () => bed.get(hello, site),
      (answer) => {
        seen.push(answer.status === 200 && answer.site === site ? "yes" : "no");
        return seen.slice(-8).join("") === "yes".repeat(8);
      },
    );
  }

  /** Runs `break_` three seconds into the load; afterwards `mend`, and waits until north answers itself. */
  async function underLoad(breakIt: () => Promise<unknown>, mend: () => Promise<unknown>): Promise<LoadReport> {
    const load = bed.load("north", hello, 120);
    try {
      await pause(3);
      await breakIt();
      await eventually(
        "south answers for north",
        15,
        () => bed.get(hello, "north"),
        ({ site }) => site === "south",
      );
      await pause(3);
      await mend();
      await served("north");
    } finally {
      load.stop();
    }
    return load.report;
  }

  async function onPod(text: string): Promise<void> {
    const { status, stderr } = await bed.script("north/zpod1", text);
    expect(status, stderr).toBe(0);
  }

  function expectNothingLost(report: LoadReport): void {
    expect(report.failed).toEqual([]);
    expect(report.ok).toBe(report.sent);
    expect(report.sent).toBeGreaterThan(500);
    expect(report.sites["south"]).toBeGreaterThan(100);
    expect(report.sites["none"]).toBeUndefined();
    expect(report.timeline[0]).toBe("north");
    expect(report.timeline).toContain("south");
  }

  test("when the serving containers are killed", async () => {
    const load = bed.load("north", hello, 120);
    await pause(3);
    await onPod(kill);
    await pause(6);
    await served("north");
    load.stop();
    const report = await load.report;
    expect(report.failed).toEqual([]);
    expect(report.ok).toBe(report.sent);
    expect(report.sites["south"]).toBeGreaterThan(0);
    expect(report.timeline.at(-1)).toBe("north");
  });

  test("when the serving containers freeze", async () => {
    const report = await underLoad(
      () => onPod(signal("STOP")),
      () => onPod(signal("CONT")),
    );
    expectNothingLost(report);
  });

  test("when their VM loses power", async () => {
    const report = await underLoad(
      () => bed.powerOff("north/zpod1"),
      () => bed.powerOn("north/zpod1"),
    );
    expectNothingLost(report);
  });
});

describe("all servers of a name are down at both sites", () => {
  test("a clear 503 at once, after at most two fronts, and life afterwards", async () => {
    const bed = await openTestbed();
    await bed.powerOff("north/zpod1", "south/zpod1");
    try {
      for (const site of ["north", "south"]) {
        const answer = await eventually(
          `503 at ${site}`,
          15,
          () => bed.get(hello, site),
          ({ status }) => status === 503,
        );
        expect(answer.body).toMatch(/not available|unavailable|no server/i);
        // The issue's bound; a request that bounced would take the sum of its passes' connect timeouts. Over some seconds,
        // in which the fronts try again whether anybody came back.
        for (let round = 0; round < 10; round += 1) {
          const again = await bed.get(hello, site);
          expect(again.status).toBe(503);
          expect(again.took).toBeLessThan(1);
          await pause(0.3);
        }
      }
    } finally {
      await bed.powerOn("north/zpod1", "south/zpod1");
    }
    for (const site of ["north", "south"])
      await eventually(
        `${site} serves again`,
        90,
        () => bed.get(hello, site),
        (answer) => answer.status === 200 && answer.site === site,
      );
  });
});
