import type { CertificateState, Retry } from "@zcloud/daemons/acme";
import type { NewEvent } from "@zcloud/service";
import { fastify } from "fastify";
import { expect, test } from "vitest";
import { certificateRoutes } from "./certificate-routes.ts";

const desired = { directory: "https://ca.example/dir", wanted: [["a.example"]] };
const held = {
  name: "a.example",
  names: ["a.example"],
  fingerprint: "AB",
  notBefore: 0,
  notAfter: 90_000,
  issuer: "Let's Encrypt R11",
};
const limit = {
  ...{ id: "new orders", counts: "orders" as const, per: "account" as const, most: 300 },
  ...{ window: 10_800_000, renewalsFree: true },
};
const failure = {
  name: "b.example",
  failures: 2,
  kind: "refused" as const,
  reason: "no such name",
  at: 1_000,
  nextAt: 5_000,
  refusals: [1_000],
};

function world(decided: Retry, states: readonly CertificateState[] = []) {
  const events: NewEvent[] = [];
  const asked: unknown[] = [];
  const app = fastify();
  const certificates = {
    states: async () => states,
    budgets: () => [{ limit, of: "", most: 150, left: 149, moreAt: 10_801_000 }],
    retry: async (...args: unknown[]) => {
      asked.push(args);
      return decided;
    },
  };
  certificateRoutes(app, { certificates, desired: () => desired, event: (event) => events.push(event) });
  return { app, events, asked };
}

test("state by certificate: names, issuer, end, what failed, next attempt and why; and what is left of the budgets", async () => {
  const { app } = world({ kind: "unknown" }, [
    { name: "a.example", names: ["a.example"], state: "good", held, failures: [], nextAt: 60_000, why: "third" },
    {
      ...{ name: "b.example", names: ["b.example", "c.example"], state: "failing", held: undefined },
      ...{ failures: [failure], nextAt: 5_000, why: "failed" },
    },
  ]);
  const { certificates, budgets } = (await app.inject("/v1/certificates")).json();
  expect(certificates).toEqual([
    {
      ...{ name: "a.example", names: ["a.example"], state: "good", issuer: "Let's Encrypt R11" },
      ...{ notAfter: "1970-01-01T00:01:30.000Z", lastError: null, failing: [] },
      ...{ nextAttempt: "1970-01-01T00:01:00.000Z", why: "third" },
    },
    {
      ...{ name: "b.example", names: ["b.example", "c.example"], state: "failing", issuer: null, notAfter: null },
      lastError: { kind: "refused", reason: "no such name", at: "1970-01-01T00:00:01.000Z", failures: 2 },
      failing: [
        { name: "b.example", kind: "refused", reason: "no such name", nextAttempt: "1970-01-01T00:00:05.000Z" },
      ],
      ...{ nextAttempt: "1970-01-01T00:00:05.000Z", why: "failed" },
    },
  ]);
  expect(budgets).toEqual([
    {
      ...{ limit: "new orders", of: "", most: 150, left: 149, windowSeconds: 10_800 },
      moreAfter: "1970-01-01T03:00:01.000Z",
    },
  ]);
});

test.each<[Retry, number, object]>([
  [{ kind: "now", failedAt: 1_000 }, 202, { state: "ordering", lastErrorAt: "1970-01-01T00:00:01.000Z" }],
  [{ kind: "ordering", failedAt: undefined }, 202, { state: "ordering", lastErrorAt: null }],
  [{ kind: "good", notAfter: 90_000 }, 409, { state: "good", notAfter: "1970-01-01T00:01:30.000Z" }],
  [{ kind: "forbidden", until: 5_000 }, 429, { nextAttempt: "1970-01-01T00:00:05.000Z" }],
  [{ kind: "unknown" }, 404, { error: "this front serves no a.example" }],
])("asked for another attempt, %j: %s", async (decided, status, body) => {
  const { app, events, asked } = world(decided);
  const answer = await app.inject({ method: "POST", url: "/v1/certificates/a.example/retry?actor=robin" });
  expect([answer.statusCode, answer.json()]).toEqual([status, expect.objectContaining(body)]);
  expect(asked).toEqual([["a.example", desired]]);
  expect(events.map(({ kind, subject, actor }) => `${kind} ${subject} ${actor}`)).toEqual(
    decided.kind === "now" ? ["certificate-retry a.example robin"] : [],
  );
});
