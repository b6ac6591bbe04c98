import type { ConversationOptions } from "@zcloud/host";
import { expect, test } from "vitest";
import { processAuthority } from "./order-process.ts";

const options = { directory: "https://ca.example/dir", contact: undefined, accountKey: "SECRET", trust: "PEM" };
const order = { names: ["a.example"] };

/** Processes whose n-th order is answered by `answer`; what they were told, and how they ended. */
function program(answer: (id: number, talk: ConversationOptions) => void) {
  const started: { readonly told: object[]; state: "running" | "finished" | "killed" }[] = [];
  const start = (talk: ConversationOptions) => {
    const process = { told: [] as object[], state: "running" as "running" | "finished" | "killed" };
    started.push(process);
    return {
      send(line: string) {
        const told = JSON.parse(line);
        process.told.push(told);
        if ("id" in told) queueMicrotask(() => answer(told.id, talk));
      },
      finish() {
        process.state = "finished";
      },
      kill() {
        process.state = "killed";
      },
    };
  };
  return { started, start };
}

const issue = (id: number, { onLine }: ConversationOptions) =>
  onLine(JSON.stringify({ id, issued: { ok: true, pem: `CHAIN ${id}` } }));

test("one process takes all orders, who orders comes first, and it ends when nobody has ordered for a while", async () => {
  const { started, start } = program(issue);
  const authority = processAuthority(options, { start, patience: 5 });
  const two = [authority.issue(order), authority.issue({ ...order, replaces: "x.y", profile: "shortlived" })];
  expect(await Promise.all(two)).toEqual([
    { ok: true, pem: "CHAIN 1" },
    { ok: true, pem: "CHAIN 2" },
  ]);
  expect(started.map(({ told }) => told)).toEqual([
    [
      { directory: "https://ca.example/dir", accountKey: "SECRET", trust: "PEM" },
      { id: 1, names: ["a.example"] },
      { id: 2, names: ["a.example"], replaces: "x.y", profile: "shortlived" },
    ],
  ]);
  await expect.poll(() => started[0]?.state).toBe("finished");
  expect(await authority.issue(order)).toEqual({ ok: true, pem: "CHAIN 3" });
  expect(started).toHaveLength(2);
});

test("a refusal keeps its kind, its names and how long to wait", async () => {
  const refused = {
    ok: false,
    kind: "limited",
    reason: "too many",
    names: { "a.example": "no" },
    retryAfter: 5,
  } as const;
  const { start } = program((id, { onLine }) => onLine(JSON.stringify({ id, issued: refused })));
  expect(await processAuthority(options, { start }).issue(order)).toEqual(refused);
});

test.each<[string, (id: number, talk: ConversationOptions) => void, RegExp]>([
  [
    "ends badly",
    (_, { onEnd }) => onEnd({ status: 1, stderr: "node:1\n\nTypeError: x is not a function\n    at y\n" }),
    /ended with 1: TypeError: x is/,
  ],
  [
    "does not start",
    (_, { onEnd }) => onEnd({ status: undefined, stderr: "Error: spawn ENOENT" }),
    /ended with nothing/,
  ],
  ["says something else", (id, { onLine }) => onLine(JSON.stringify({ id, issued: { ok: "maybe" } })), /no answer/],
  ["says no JSON", (_, { onLine }) => onLine("hello"), /no answer: hello/],
])("a process that %s is a failure of every order it has; the next order gets another", async (_what, answer, reason) => {
  let broken = true;
  const { started, start } = program((id, talk) => (broken ? answer(id, talk) : issue(id, talk)));
  const authority = processAuthority(options, { start });
  const failed = { ok: false, kind: "directory", reason: expect.stringMatching(reason) };
  expect(await Promise.all([authority.issue(order), authority.issue(order)])).toEqual([failed, failed]);
  broken = false;
  expect(await authority.issue(order)).toEqual({ ok: true, pem: "CHAIN 3" });
  expect(started.map(({ state }) => state)).toEqual(["killed", "running"]);
});

test("an order that is not done in time ends the process", async () => {
  const { started, start } = program(() => {});
  const authority = processAuthority(options, { start, timeout: 5 });
  expect(await authority.issue(order)).toEqual({
    ok: false,
    kind: "directory",
    reason: "an order was not done in time",
  });
  expect(started[0]?.state).toBe("killed");
});
