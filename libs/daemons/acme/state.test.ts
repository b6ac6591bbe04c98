import { expect, test } from "vitest";
import { type Attempts, noteFailure } from "./attempts.ts";
import { limitsOf } from "./limits.ts";
import { day, held, hour, idle, now, want } from "./plan.test-support.ts";
import { certificateStates, decideRetry } from "./state.ts";

const failed = (attempts: Attempts, kind: "refused" | "preflight", at: number): Attempts =>
  noteFailure(attempts, { kind, reasons: { failing: "no" } }, at, 0);
const wanted = want("young", "new", "failing", "old", "ordering");
const attempts = failed({}, "refused", now - 60_000);
const input = { ...idle, wanted, have: [held("young", 1), held("old", 70)], attempts, underWay: ["ordering"] };

test("states by name, with what is next", () => {
  const states = certificateStates(input);
  expect(states.map(({ name, state, nextAt, why }) => `${name} ${state} ${(nextAt - now) / 60_000} ${why}`)).toEqual([
    "failing failing 39 failed",
    "new due 0 its turn",
    "old due 0 its turn",
    "ordering ordering 0 under way",
    `young good ${(59 * day) / 60_000} third`,
  ]);
  expect(states[0]?.failures.map(({ name, reason }) => `${name}: ${reason}`)).toEqual(["failing: no"]);
});

test("another attempt is made where one is due and the authority does not count too much", () => {
  const kinds = [...wanted.map(({ name }) => name), "unknown"].map(
    (name) => `${name} ${decideRetry(name, input).kind}`,
  );
  expect(kinds).toEqual(["young good", "new now", "failing now", "old now", "ordering ordering", "unknown unknown"]);
});

test("two refusals within the hour forbid a third, whoever asks, until the first is an hour old", () => {
  let twice = failed({}, "refused", now - 50 * 60_000);
  twice = failed(twice, "preflight", now - 5 * 60_000);
  twice = failed(twice, "refused", now - 60_000);
  expect(decideRetry("failing", { ...input, attempts: twice })).toEqual({ kind: "forbidden", until: now + hour / 6 });
  expect(twice["failing"]?.nextAt).toBe(now + 39 * 60_000);
  expect(decideRetry("failing", { ...input, attempts: twice, now: now + hour / 6 })).toEqual({
    ...{ kind: "now", failedAt: now - 60_000 },
  });
});

test("a name that waits for a budget says which, and until when; asking does not help", () => {
  const limits = limitsOf("https://acme-v02.api.letsencrypt.org/directory");
  const ledger = Array.from({ length: 25 }, (_, index) => {
    return {
      id: `${index}`,
      at: now - index,
      names: [`n${index}.one.example`],
      renewal: false,
      outcome: "issued" as const,
    };
  });
  const full = { ...idle, wanted: want("new.one.example", "new.two.example"), limits, ledger };
  const until = now + 7 * day - 24;
  const states = certificateStates(full);
  expect(states.map(({ name, state, nextAt, why }) => [name, state, nextAt, why])).toEqual([
    ["new.one.example", "waiting", until, "budget: certificates of a domain one.example"],
    ["new.two.example", "due", now, "its turn"],
  ]);
  expect(decideRetry("new.one.example", full)).toEqual({ kind: "forbidden", until });
  expect(decideRetry("new.two.example", full).kind).toBe("now");
});

test("the authority's wish for a renewal comes before the third of life", () => {
  const have = [held("a.example", 1)];
  const told = { fingerprint: "a.example 1", askAt: 0, failures: 0, at: now + 5 * day };
  const [state] = certificateStates({ ...idle, wanted: want("a.example"), have, renewals: { "a.example": told } });
  expect([state?.state, state?.why, state?.nextAt]).toEqual(["good", "authority", now + 5 * day]);
});
