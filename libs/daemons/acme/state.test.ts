import { expect, test } from "vitest";
import { type Attempts, type HeldCertificate, noteFailure } from "./plan.ts";
import { certificateStates, decideRetry } from "./state.ts";

const now = Date.UTC(2026, 10, 22);
const day = 86_400_000;
const hour = 3_600_000;
const held = (name: string, ageDays: number): HeldCertificate => {
  return { name, names: [name], notBefore: now - ageDays * day, notAfter: now + (90 - ageDays) * day, issuer: "CA" };
};
const wanted = ["young", "new", "failing", "old", "ordering"].map((name) => ({ name, names: [name] }));
const attempts = noteFailure({}, "failing", "refused", "no", now - 60_000, 0);
const input = { wanted, have: [held("young", 1), held("old", 70)], attempts, underWay: ["ordering"], now };

test("states by name, with what is next", () => {
  const states = certificateStates(input);
  expect(states.map(({ name, state, nextAt }) => `${name} ${state} ${(nextAt - now) / 60_000}`)).toEqual([
    "failing failing 39",
    "new due 0",
    "old due 0",
    "ordering ordering 0",
    `young good ${(59 * day) / 60_000}`,
  ]);
  expect(states[0]?.failure?.reason).toBe("no");
});

test("another attempt is made where one is due and the authority does not count too much", () => {
  const kinds = [...wanted.map(({ name }) => name), "unknown"].map(
    (name) => `${name} ${decideRetry(name, input).kind}`,
  );
  expect(kinds).toEqual(["young good", "new now", "failing now", "old now", "ordering ordering", "unknown unknown"]);
});

test("two refusals within the hour forbid a third, whoever asks, until the first is an hour old", () => {
  let twice: Attempts = noteFailure({}, "failing", "refused", "no", now - 50 * 60_000, 0);
  twice = noteFailure(twice, "failing", "preflight", "no", now - 5 * 60_000, 0);
  twice = noteFailure(twice, "failing", "refused", "no", now - 60_000, 0);
  expect(decideRetry("failing", { ...input, attempts: twice })).toEqual({ kind: "forbidden", until: now + hour / 6 });
  expect(twice["failing"]?.nextAt).toBe(now + 39 * 60_000);
  expect(decideRetry("failing", { ...input, attempts: twice, now: now + hour / 6 })).toEqual({
    ...{ kind: "now", failedAt: now - 60_000 },
  });
});
