import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { maxOutput, runProcess } from "./process.ts";

const sh = (script: string, ...args: string[]): string[] => ["sh", "-c", script, "sh", ...args];

/** Whether the process runs; a zombie, which its new parent has not collected yet, doesn't. */
async function alive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "x (x) Z");
  return !/\) Z/.test(status);
}

test("a command's status, output and input", async () => {
  const result = await runProcess(sh("cat; echo problem >&2; exit 3"), { input: "hello" });
  expect(result).toEqual({ status: 3, stdout: "hello", stderr: "problem\n" });
});

test("arguments reach the program as they are: there is no shell", async () => {
  const { stdout } = await runProcess(["printf", "%s|", "$HOME", "a b", "'", "*", ""]);
  expect(stdout).toBe("$HOME|a b|'|*||");
});

test("a signal is 128 and its number", async () => {
  expect((await runProcess(sh("kill -TERM $$"))).status).toBe(143);
});

test("a missing program and a missing directory are told apart from a failure", async () => {
  await expect(runProcess(["no-such-program-here"])).rejects.toMatchObject({
    code: "COMMAND_NOT_FOUND",
    message: expect.stringContaining("is its package installed?"),
  });
  await expect(runProcess(["true"], { cwd: "/no/such/directory" })).rejects.toMatchObject({
    message: expect.stringContaining("no directory /no/such/directory"),
  });
});

test("after the timeout the whole process group is dead", async () => {
  const directory = await mkdtemp(join(tmpdir(), "process-"));
  const run = runProcess(sh("sleep 60 & echo $! > pid; wait"), { timeout: 1_000, cwd: directory });
  await expect(run).rejects.toMatchObject({ code: "COMMAND_TIMEOUT", message: expect.stringContaining("after 1 s") });
  const child = Number(await readFile(join(directory, "pid"), "utf8"));
  await rm(directory, { recursive: true });
  expect(child).toBeGreaterThan(1);
  await expect.poll(() => alive(child)).toBe(false);
});

test("an abort stops the command politely", async () => {
  const stop = new AbortController();
  const run = runProcess(sh("trap 'exit 0' TERM; while :; do sleep 0.05; done"), { signal: stop.signal });
  stop.abort(new Error("the service stops"));
  await expect(run).rejects.toMatchObject({ code: "COMMAND_STOPPED", cause: { message: "the service stops" } });
  await expect(runProcess(["true"], { signal: stop.signal })).rejects.toMatchObject({ code: "COMMAND_STOPPED" });
});

test("a command that never stops writing is killed", async () => {
  await expect(runProcess(["yes"])).rejects.toMatchObject({
    code: "COMMAND_OUTPUT",
    message: expect.stringContaining("16 MiB"),
  });
});

test("output up to the limit is whole", async () => {
  const { stdout } = await runProcess(["head", "-c", String(maxOutput), "/dev/zero"]);
  expect(stdout).toHaveLength(maxOutput);
});

test("a daemon that keeps the pipes open does not keep us waiting", async () => {
  const { status, stdout } = await runProcess(sh("echo started; setsid sleep 5 &"), { timeout: 4_000 });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "started\n" });
});

test("input that nobody reads is no failure", async () => {
  const result = await runProcess(["true"], { input: "x".repeat(1_000_000) });
  expect(result.status).toBe(0);
});

test("children do not get systemd's channel to us, and speak English", async () => {
  process.env["NOTIFY_SOCKET"] = "/run/systemd/notify";
  try {
    const { stdout } = await runProcess(sh('echo "$NOTIFY_SOCKET|$LC_ALL|$EXTRA"'), { env: { EXTRA: "given" } });
    expect(stdout).toBe("|C.UTF-8|given\n");
  } finally {
    delete process.env["NOTIFY_SOCKET"];
  }
});
