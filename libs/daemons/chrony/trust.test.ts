import type { Host } from "@zcloud/host";
import { expect, test } from "vitest";
import { clockFault } from "./trust.ts";

/** `chronyc -c tracking`: seconds by which the clock is slow, and what it was at the last measurement. */
function tracking(slow: number, server = "10.64.1.2", leap = "Normal"): string {
  const id = server === "" ? "7F7F0101" : "0A400102";
  return `${id},${server},3,1763888400.1,${slow},0.0,0.0001,1.0,0.0,0.1,0.001,0.001,64.2,${leap}\n`;
}

/** `chronyc -c sources` of one that answered the last two questions, or none. */
const source = (reach: string): string => `^,?,10.64.1.2,2,4,${reach},7,0.1,0.1,0.001\n`;

function hostThatSays(stdout: string, status = 0): { readonly host: Host; readonly asked: () => number } {
  let asked = 0;
  const run = async () => {
    asked += 1;
    return { status, stdout, stderr: "" };
  };
  return { host: { run } as unknown as Host, asked: () => asked };
}

test("a clock that is wrong by more than ten seconds is a reason to wait, and says how wrong it is", async () => {
  expect(await clockFault(hostThatSays(tracking(7_200)).host)()).toMatch(
    /^this host's clock is 7200.000 s slow, by 10.64.1.2;/,
  );
  expect(await clockFault(hostThatSays(tracking(-30)).host)()).toMatch("30.000 s fast");
});

test("a clock that is right, that nobody measures, or of which nothing is known, is none", async () => {
  for (const said of [
    tracking(9.9),
    tracking(7_200, ""),
    tracking(7_200, "10.64.1.2", "Not synchronised"),
    "506 Cannot talk",
  ])
    expect(await clockFault(hostThatSays(said).host)(), said).toBeUndefined();
  expect(await clockFault(hostThatSays(tracking(7_200), 1).host)()).toBeUndefined();
});

/** A host whose chronyd says what `said` says, and whose clocks pass as told. */
function measured() {
  let [steady, ahead, said] = [0, 1_000_000, tracking(0)];
  const run = async () => ({ status: 0, stdout: said, stderr: "" });
  const fault = clockFault({ run } as unknown as Host, { steady: () => steady, wall: () => steady + ahead });
  return {
    fault,
    say(text: string, after = 6_000) {
      steady += after;
      said = text;
    },
    set(by: number) {
      ahead += by;
    },
  };
}
const undecided = tracking(0, "", "Not synchronised");

test("a clock that is being measured is waited for, ten minutes at most; one that nobody can measure is not", async () => {
  const { fault, say } = measured();
  say(undecided + source("3"));
  expect(await fault()).toMatch("being measured");
  say(undecided + source("3"), 600_000);
  expect(await fault()).toMatch("being measured");
  say(undecided + source("3"));
  expect(await fault()).toBeUndefined();
  say(undecided + source("0"));
  expect(await fault()).toBeUndefined();
});

test("a clock that was right and that nobody set is right while its servers disagree; one that was set is not", async () => {
  const { fault, say, set } = measured();
  expect(await fault()).toBeUndefined();
  say(undecided + source("3"));
  expect(await fault()).toBeUndefined();
  set(-7_200_000);
  say(undecided + source("7"));
  expect(await fault()).toMatch("being measured");
  say(tracking(7_200));
  expect(await fault()).toMatch("7200.000 s slow");
  // What was wrong when it was last measured is no more to be relied on than that.
  say(undecided + source("3"));
  expect(await fault()).toMatch("being measured");
});

test("a hundred orders at once ask once", async () => {
  const { host, asked } = hostThatSays(tracking(0));
  const fault = clockFault(host);
  await Promise.all(Array.from({ length: 100 }, () => fault()));
  expect(asked()).toBe(1);
});
