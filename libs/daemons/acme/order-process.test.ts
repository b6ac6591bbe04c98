import type { RunOptions } from "@zcloud/host";
import { expect, test } from "vitest";
import { processAuthority } from "./order-process.ts";

const options = { directory: "https://ca.example/dir", contact: undefined, accountKey: "SECRET", trust: "PEM" };
const names = ["a.example"];

/** A host whose every command ends like this. */
function host(status: number, stdout: string, stderr = "") {
  const calls: { argv: readonly string[]; run: RunOptions | undefined }[] = [];
  return {
    calls,
    async run(argv: readonly string[], run?: RunOptions) {
      calls.push({ argv, run });
      return { status, stdout, stderr };
    },
  };
}

test("the order goes through standard input: keys are never arguments", async () => {
  const machine = host(0, JSON.stringify({ ok: true, pem: "CHAIN" }));
  const authority = processAuthority(options, { host: machine, command: ["node", "order.js"] });
  expect(await authority.issue(names)).toEqual({ ok: true, pem: "CHAIN" });
  expect(machine.calls).toHaveLength(1);
  expect(machine.calls[0]?.argv).toEqual(["node", "order.js"]);
  expect(JSON.parse(String(machine.calls[0]?.run?.input))).toEqual({
    directory: "https://ca.example/dir",
    accountKey: "SECRET",
    trust: "PEM",
    names,
  });
});

test("a refusal keeps its kind, which decides how long to wait", async () => {
  const refused = { ok: false, kind: "refused", reason: "too many" } as const;
  const authority = processAuthority(options, { host: host(0, JSON.stringify(refused)), command: ["node"] });
  expect(await authority.issue(names)).toEqual(refused);
});

test.each([
  ["ends badly", host(1, "", "node:1\n\nTypeError: x is not a function\n    at y\n"), /ended with 1: TypeError: x is/],
  ["says something else", host(0, '{"ok":"maybe"}'), /Invalid/],
  ["says nothing", host(0, ""), /JSON/],
])("a process that %s is a failure of the directory's kind", async (_what, machine, reason) => {
  const issued = await processAuthority(options, { host: machine, command: ["node"] }).issue(names);
  expect(issued).toEqual({ ok: false, kind: "directory", reason: expect.stringMatching(reason) });
});

test("close ends the orders under way", async () => {
  const machine = host(0, JSON.stringify({ ok: true, pem: "CHAIN" }));
  const authority = processAuthority(options, { host: machine, command: ["node"] });
  await authority.issue(names);
  expect(machine.calls[0]?.run?.signal?.aborted).toBe(false);
  await authority.close();
  expect(machine.calls[0]?.run?.signal?.aborted).toBe(true);
});
