import type { CertificateState, Retry } from "@zcloud/daemons/acme";
import type { NewEvent } from "@zcloud/service";
import { fastify } from "fastify";
import { expect, test } from "vitest";
import { certificateRoutes } from "./certificate-routes.ts";

const wanted = [{ name: "a.example", names: ["a.example"] }];
const held = {
  ...wanted[0],
  name: "a.example",
  names: [],
  notBefore: 0,
  notAfter: 90_000,
  issuer: "Let's Encrypt R11",
};
const failure = {
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
    retry: async (...args: unknown[]) => {
      asked.push(args);
      return decided;
    },
  };
  certificateRoutes(app, { certificates, wanted: () => wanted, event: (event) => events.push(event) });
  return { app, events, asked };
}

test("state by name: issuer, end, last error, next attempt", async () => {
  const { app } = world({ kind: "unknown" }, [
    { name: "a.example", state: "good", held, failure: undefined, nextAt: 60_000 },
    { name: "b.example", state: "failing", held: undefined, failure, nextAt: 5_000 },
  ]);
  expect((await app.inject("/v1/certificates")).json().certificates).toEqual([
    {
      ...{ name: "a.example", state: "good", issuer: "Let's Encrypt R11", notAfter: "1970-01-01T00:01:30.000Z" },
      ...{ lastError: null, nextAttempt: "1970-01-01T00:01:00.000Z" },
    },
    {
      ...{ name: "b.example", state: "failing", issuer: null, notAfter: null, nextAttempt: "1970-01-01T00:00:05.000Z" },
      lastError: { kind: "refused", reason: "no such name", at: "1970-01-01T00:00:01.000Z", failures: 2 },
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
  expect(asked).toEqual([["a.example", wanted]]);
  expect(events.map(({ kind, subject, actor }) => `${kind} ${subject} ${actor}`)).toEqual(
    decided.kind === "now" ? ["certificate-retry a.example robin"] : [],
  );
});
