import { expect, test } from "vitest";
import { LocalHost } from "./local-host.ts";
import { mustRun } from "./must-run.ts";

const signal = new AbortController().signal;

test("gives what a command printed, or says which one failed, how, and what it said", async () => {
  const host = new LocalHost();
  expect(await mustRun(host, ["sh", "-c", "echo fine"], signal)).toBe("fine\n");
  await expect(mustRun(host, ["sh", "-c", "echo no such unit >&2; exit 5"], signal)).rejects.toMatchObject({
    ...{ name: "ApplyConfigError", code: "DEGRADED", said: "no such unit" },
    message: "run sh -c: exit 5: no such unit",
  });
});
