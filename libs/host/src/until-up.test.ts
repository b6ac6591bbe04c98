import { manualClock } from "@zcloud/reconcile/testing";
import { expect, test } from "vitest";
import { untilUp } from "./until-up.ts";

const never = new AbortController().signal;
const daemon = { doing: "start chrony", unit: "chrony", within: 1_000 };

test("ends as soon as the daemon does its work, and leaves no timer", async () => {
  const clock = manualClock();
  let looks = 0;
  const up = untilUp(clock, { ...daemon, look: async () => (++looks < 4 ? "it does not answer" : undefined) }, never);
  await clock.advance(300);
  await expect(up).resolves.toBeUndefined();
  expect([looks, clock.pending()]).toEqual([4, 0]);
});

test("says what was wrong last, after how long, and where to look", async () => {
  const clock = manualClock();
  const up = untilUp(clock, { ...daemon, look: async () => "it does not answer" }, never);
  const failed = expect(up).rejects.toMatchObject({
    ...{ name: "ApplyConfigError", code: "DEGRADED", said: "it does not answer" },
    message: "start chrony: it does not answer after 1 s; look at journalctl -u chrony",
  });
  await clock.advance(1_100);
  await failed;
});

test("a step of the clock is no wait", async () => {
  const clock = manualClock();
  let ahead = 0;
  const stepped = { ...clock, now: () => clock.now() + ahead };
  let answers = false;
  const up = untilUp(stepped, { ...daemon, look: async () => (answers ? undefined : "it does not answer") }, never);
  await clock.advance(200);
  ahead = 7_200_000;
  await clock.advance(200);
  answers = true;
  await clock.advance(200);
  await expect(up).resolves.toBeUndefined();
});

test("stops with the signal's reason", async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const up = untilUp(clock, { ...daemon, look: async () => "it does not answer" }, stop.signal);
  const failed = expect(up).rejects.toThrow("enough");
  stop.abort(new Error("enough"));
  await clock.advance(200);
  await failed;
});
