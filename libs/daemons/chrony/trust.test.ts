import type { Host } from "@zcloud/host";
import { expect, test } from "vitest";
import { clockFault } from "./trust.ts";

/** `chronyc -c tracking`: seconds by which the clock is slow, and what it was at the last measurement. */
function tracking(slow: number, server = "10.64.1.2", leap = "Normal"): string {
  const id = server === "" ? "7F7F0101" : "0A400102";
  return `${id},${server},3,1763888400.1,${slow},0.0,0.0001,1.0,0.0,0.1,0.001,0.001,64.2,${leap}\n`;
}

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

test("a hundred orders at once ask once", async () => {
  const { host, asked } = hostThatSays(tracking(0));
  const fault = clockFault(host);
  await Promise.all(Array.from({ length: 100 }, () => fault()));
  expect(asked()).toBe(1);
});
