import fc from "fast-check";
import { expect, test } from "vitest";
import { shown, tenantQuery } from "./tenant-query.ts";

const now = Date.parse("2026-11-23T14:00:00Z");
const ask = (text: string) => tenantQuery("demo", new URLSearchParams(text), now);

test.each([
  ["", { service: "demo", since: "2026-11-23T13:00:00.000Z" }],
  ["project=hello", { service: "demo/hello" }],
  ["project=hello&service=web&since=7d", { service: "demo/hello/web", since: "2026-11-16T14:00:00.000Z" }],
  ["since=2026-11-23T01:00:00%2B02:00&until=30m", { until: "2026-11-23T13:30:00.000Z" }],
  [
    "grep=a%20b'%22&follow=true&kind=access&level=err",
    { grep: "a b'\"", follow: "true", kind: "access", level: "err" },
  ],
])("%j is a question over the tenant's own lines", (text, query) => {
  expect(ask(text)).toMatchObject({ ok: true, query });
});

test.each([
  ["tenant=garden"],
  ["host=znet"],
  ["unit=sshd"],
  ["limit=100"],
  ["service=web"],
  ["project=../garden&service=web"],
  ["project=hello/web"],
  ["project=*"],
  ["project="],
  ["project=hello&project=other"],
  ["since=yesterday"],
  ["grep="],
  ["follow=yes"],
  ["kind=../../etc"],
])("%s is refused", (text) => {
  expect(ask(text)).toMatchObject({ ok: false });
});

test("property: whatever is said, a question is over the tenant's own lines or is none", () => {
  const name = fc.constantFrom(
    "project",
    "service",
    "kind",
    "since",
    "until",
    "grep",
    "follow",
    "level",
    "host",
    "tenant",
  );
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom("garden", "demo/../garden", "hello", "web", "true", "1h", "access"),
  );
  let questions = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), (pairs) => {
      const asked = tenantQuery("demo", new URLSearchParams(pairs), now);
      if (!asked.ok) return;
      questions += 1;
      expect(asked.query.service).toMatch(/^demo(\/[a-z0-9-]+){0,2}$/);
      expect([asked.query.host, asked.query.unit]).toEqual([undefined, undefined]);
    }),
    { numRuns: 500 },
  );
  expect(questions).toBeGreaterThan(0);
});

test("of a line a tenant sees what its container said; another's, or a host's own, never", () => {
  const line = { at: "t", level: "info", unit: "libpod-x.scope", tag: "x", pid: "7", msg: "m" };
  expect(shown("demo", "north", "journal", { ...line, service: "demo/hello/web" })).toEqual({
    at: "t",
    site: "north",
    level: "info",
    service: "demo/hello/web",
    msg: "m",
  });
  for (const service of ["garden/wiki/web", "demo2/a/b", "demo", "", undefined, 7, ["demo/hello/web"]])
    expect(shown("demo", "north", "journal", { ...line, service })).toBeUndefined();
  expect(shown("demo", "north", "access", { service: "demo/hello/web", path: "/" })).toBeUndefined();
});
