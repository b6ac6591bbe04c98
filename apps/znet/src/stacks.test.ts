import { Stack } from "@zcloud/events";
import { loadMap } from "@zcloud/map";
import { describe, expect, test } from "vitest";
import { acceptStack, digestOf } from "./stacks.ts";

const text = `
domain: lab.example
operators: [{ name: lab, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJSPgsi745kJYgDLM09bUqlK5Fi2qBv57pXugu+0Zps/" }]
sites: { north: { public: { ipv4: 198.51.100.10 }, network: 10.64.1.0/24 } }
tenants: { demo: { names: [hello.lab.example] } }
`;
const loaded = loadMap(text, "zcloud.yaml");
if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
const { map } = loaded;
const sent = { tenant: "demo", project: "hello", files: { "compose.yaml": "services: {}\n" }, actor: "robin" };
const problemsOf = (body: unknown) => {
  const accepted = acceptStack(body, map, 0);
  return accepted.ok ? [] : accepted.problems;
};

test("what is accepted is a stack as the bucket has it", () => {
  const accepted = acceptStack({ ...sent, files: { ...sent.files, "site/index.html": "hi" } }, map, 0);
  if (!accepted.ok) throw new Error(accepted.problems.join());
  expect(Stack.parse(accepted.stack)).toEqual(accepted.stack);
  expect(accepted.stack.deployedAt).toBe("1970-01-01T00:00:00.000Z");
});

test("the digest depends on paths and texts, not on their order", () => {
  expect(digestOf({ a: "1", b: "2" })).toBe(digestOf({ b: "2", a: "1" }));
  expect(digestOf({ a: "1", b: "2" })).not.toBe(digestOf({ a: "2", b: "1" }));
  expect(digestOf({ a: "1\n2" })).not.toBe(digestOf({ a: "1", "2": "" }));
  expect(digestOf({})).toMatch(/^[0-9a-f]{64}$/);
});

describe("refused", () => {
  test.each([
    [{ ...sent, tenant: "nobody" }, /the map has no tenant nobody; it has demo/],
    [{ ...sent, files: { "other.yaml": "" } }, /there is no compose.yaml/],
    [{ ...sent, files: { ...sent.files, big: "x".repeat(600_000) } }, /too many; at most 524288/],
    [{ ...sent, files: { ...sent.files, "../etc/passwd": "" } }, /\.\.\/etc\/passwd is no path inside/],
    [
      { ...sent, files: { ...sent.files, "/etc/passwd": "" } },
      /files: \/etc\/passwd is no path inside the stack's directory/,
    ],
    [{ ...sent, project: "Hello World" }, /project/],
    [{ ...sent, admin: true }, /body/],
    [undefined, /body/],
  ])("%#", (body, why) => {
    expect(problemsOf(body).join("\n")).toMatch(why);
  });

  test("everything that is wrong is said at once", () => {
    expect(problemsOf({ ...sent, tenant: "nobody", files: {} })).toHaveLength(2);
  });
});
