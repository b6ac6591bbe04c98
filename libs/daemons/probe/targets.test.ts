import { expect, test } from "vitest";
import { sameQuestion, targetsOf } from "./targets.ts";

const doors = [
  { site: "north", address: "10.64.1.3", port: 443 },
  { site: "south", address: "203.0.113.10", port: 443 },
];
const asked = (places: readonly string[], health: string) =>
  [...targetsOf([{ key: "demo/app/web", places, health }], doors)].map(([id, { name, path, expect: what }]) => {
    return `${id}: ${name}${path} ${what}`;
  });

test.each([
  [["a.example/", "b.example/"], "/healthz", "a.example/healthz health"],
  [["a.example/api/"], "/healthz", "a.example/api/ any"],
  [["a.example/api/"], "/api/healthz?full=1", "a.example/api/healthz?full=1 health"],
  [["a.example/api/", "b.example/"], "/healthz", "b.example/healthz health"],
])("%j with health %s: %s, at both doors", (places, health, question) => {
  expect(asked(places, health)).toEqual([`demo/app/web north: ${question}`, `demo/app/web south: ${question}`]);
});

test("a gRPC service has no path that says how it is", () => {
  const grpc = { key: "demo/app/rpc", places: ["g.example/"], health: "/", http: { h2: true as const } };
  expect([...targetsOf([grpc], doors).values()].map((target) => target.expect)).toEqual(["any", "any"]);
});

test("where TLS is passed through a handshake is all that is tried", () => {
  const vault = { key: "demo/app/vault", places: [], health: "/", passthrough: ["v.example", "w.example"] };
  const [first] = targetsOf([vault], doors).values();
  expect(first).toMatchObject({ name: "v.example", path: "", expect: "handshake" });
});

test("a TCP service is asked at its port of each door, for its greeting where it promised one", () => {
  const route = { key: "demo/app/mail/smtp", places: [], health: "/", port: 25 };
  const [silent] = targetsOf([route], doors).values();
  const [north, south] = [...targetsOf([{ ...route, greets: "220" }], doors).values()];
  expect(silent).toMatchObject({ name: "port 25", port: 25, expect: "open" });
  expect(north).toMatchObject({ expect: "greeting", greets: "220", door: { address: "10.64.1.3", port: 25 } });
  expect(south?.door).toEqual({ site: "south", address: "203.0.113.10", port: 25 });
  expect(north && silent && sameQuestion(north, silent)).toBe(false);
});

test("what no request leads to is not asked", () => {
  expect(asked([], "/")).toEqual([]);
});

test("another path is another question", () => {
  const [a, b] = ["/one", "/two"].map((health) =>
    targetsOf([{ key: "demo/app/web", places: ["a.example/"], health }], doors).get("demo/app/web north"),
  );
  expect(a && b && [sameQuestion(a, a), sameQuestion(a, b)]).toEqual([true, false]);
});
