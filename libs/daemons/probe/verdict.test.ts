import { expect, test } from "vitest";
import { fresh, grace, intervalFor, judge, mostPerSecond, nextProbe, type Outcome, type Verdict } from "./verdict.ts";

const good: Outcome = { ok: true, ms: 5, servedBy: "north" };
const bad: Outcome = { ok: false, ms: 5, kind: "status", reason: "answered 503" };
const after = (start: Verdict, outcomes: readonly (readonly [number, Outcome])[]): Verdict =>
  outcomes.reduce((verdict, [at, outcome]) => judge(verdict, outcome, at), start);

test("a blip is no outage; two failures in a row are, from the first of them on", () => {
  const up = fresh(0, "up");
  expect(
    after(up, [
      [1_000, bad],
      [2_000, good],
      [3_000, bad],
    ]).state,
  ).toBe("up");
  expect(
    after(up, [
      [1_000, bad],
      [2_000, bad],
    ]),
  ).toMatchObject({ state: "down", since: 1_000, failure: bad });
});

test("two good answers end an outage, from the first of them on", () => {
  const down = after(fresh(0, "up"), [
    [1_000, bad],
    [2_000, bad],
  ]);
  expect(
    after(down, [
      [5_000, good],
      [6_000, bad],
      [7_000, good],
    ]).state,
  ).toBe("down");
  expect(
    after(down, [
      [5_000, good],
      [6_000, good],
    ]),
  ).toMatchObject({ state: "up", since: 5_000 });
});

test("who falls again and again is believed later, until it has been quiet for a while", () => {
  let verdict = fresh(0, "up");
  const answersNeeded = (from: number): number => {
    let [count, now] = [0, from];
    verdict = after(verdict, [
      [now, bad],
      [now + 1, bad],
    ]);
    while (verdict.state === "down") {
      now += 1_000;
      count += 1;
      verdict = judge(verdict, good, now);
    }
    return count;
  };
  expect([0, 60_000, 120_000, 180_000, 240_000, 300_000].map(answersNeeded)).toEqual([2, 4, 8, 16, 16, 16]);
  expect(answersNeeded(2_000_000)).toBe(2);
});

test("a new endpoint has time for its certificate; the first answer is enough", () => {
  expect(judge(fresh(0), good, 10).state).toBe("up");
  const late = after(fresh(0), [
    [1_000, bad],
    [4_000, bad],
    [grace - 1, bad],
  ]);
  expect(late.state).toBe("new");
  expect(judge(late, bad, grace).state).toBe("down");
});

test("a clock that was set back by a day keeps nobody down", () => {
  const down = after(fresh(90_000_000, "up"), [
    [90_001_000, bad],
    [90_002_000, bad],
  ]);
  expect(
    after(down, [
      [3_600_000, good],
      [3_601_000, good],
    ]).state,
  ).toBe("up");
});

test("what is in doubt is asked again in a second, what is down every three, after five minutes every ten", () => {
  const up = fresh(0, "up");
  expect(nextProbe(up, 0, 30_000)).toBe(30_000);
  expect(nextProbe(judge(up, bad, 1), 1, 30_000)).toBe(1_000);
  const down = after(up, [
    [1, bad],
    [2, bad],
  ]);
  expect([nextProbe(down, 10, 30_000), nextProbe(down, 400_000, 30_000)]).toEqual([3_000, 10_000]);
});

test("a few endpoints are asked every 30 s, many as often as the rate allows", () => {
  expect([0, 4, 450, 900].map(intervalFor)).toEqual([30_000, 30_000, 30_000, 60_000]);
  expect(20_000 / (intervalFor(20_000) / 1_000)).toBeLessThan(mostPerSecond);
});
