import { manualClock } from "@zcloud/reconcile/testing";
import { expect, test } from "vitest";
import type { StackReport } from "./report.ts";
import { stacksAnswer } from "./stacks-route.ts";

const running = { stack: "demo/hello", state: "running" } as StackReport;
const signal = new AbortController().signal;

test("whoever knows nothing gets an answer at once", async () => {
  const answer = await stacksAnswer({}, () => [running], manualClock(), signal);
  expect(answer).toEqual({ stacks: [running], version: expect.stringMatching(/^[0-9a-f]{16}$/) });
});

test("whoever knows the state gets the next one, when it is there", async () => {
  const clock = manualClock();
  let stacks: StackReport[] = [];
  const { version } = await stacksAnswer({}, () => stacks, clock, signal);
  let answered = false;
  const next = stacksAnswer({ since: version, wait: "5000" }, () => stacks, clock, signal).finally(() => {
    answered = true;
  });
  await clock.advance(1_000);
  expect(answered).toBe(false);
  stacks = [running];
  await clock.advance(100);
  expect((await next).stacks).toEqual([running]);
});

test("nothing changes: the same again when the time is over, or the service stops", async () => {
  const clock = manualClock();
  const { version } = await stacksAnswer({}, () => [running], clock, signal);
  const late = stacksAnswer({ since: version, wait: 300 }, () => [running], clock, signal);
  await clock.advance(300);
  expect((await late).version).toBe(version);
  const stop = new AbortController();
  const stopped = stacksAnswer({ since: version, wait: 10_000 }, () => [running], clock, stop.signal);
  stop.abort();
  expect((await stopped).version).toBe(version);
});

test("a question that makes no sense is refused with what would", async () => {
  const answer = stacksAnswer({ wait: "long" }, () => [running], manualClock(), signal);
  await expect(answer).rejects.toMatchObject({ statusCode: 400, message: expect.stringContaining("0 to 10000") });
});
