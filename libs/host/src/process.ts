import { spawn } from "node:child_process";
import { constants } from "node:os";
import { CommandError } from "./errors.ts";
import type { RunOptions, RunResult } from "./host.ts";

/** Bytes of standard output, and of standard error, that a command may write. */
export const maxOutput = 16 * 1024 * 1024;
export const defaultTimeout = 60_000;
/** Milliseconds between a polite end and the last resort. */
const killGrace = 2_000;
/** A daemon that was started keeps its parent's pipes open: after the exit we listen this much longer, no more. */
const drainGrace = 250;

/** systemd's private channel to this process is nobody else's business: children would speak in our name. */
const privateVariables = [
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
];

/**
 * Runs a command without a shell in a process group of its own. Resolves with its status whatever that is; rejects
 * with CommandError if it can't start, outlives its time, is stopped by the signal, or writes too much.
 */
export function runProcess(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("run: the command is empty");
  const shown = argv.join(" ").slice(0, 200);
  if (options.signal?.aborted) {
    return Promise.reject(
      new CommandError("COMMAND_STOPPED", `run ${shown}: stopped before it began`, { cause: options.signal.reason }),
    );
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: environment(options.env),
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const sizes = { stdout: 0, stderr: 0 };
    let failure: CommandError | undefined;
    let settled = false;
    const timers: NodeJS.Timeout[] = [];

    const kill = (signal: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // Gone already.
      }
    };
    const fail = (error: CommandError, signal: NodeJS.Signals): void => {
      failure ??= error;
      kill(signal);
      if (signal !== "SIGKILL") timers.push(setTimeout(() => kill("SIGKILL"), killGrace));
    };
    const onAbort = (): void =>
      fail(new CommandError("COMMAND_STOPPED", `run ${shown}: stopped`, { cause: options.signal?.reason }), "SIGTERM");
    const settle = (status: number): void => {
      if (settled) return;
      settled = true;
      for (const timer of timers) clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      child.stdout.destroy();
      child.stderr.destroy();
      child.stdin.destroy();
      if (failure !== undefined) reject(failure);
      else
        resolve({
          status,
          stdout: Buffer.concat(output.stdout).toString(),
          stderr: Buffer.concat(output.stderr).toString(),
        });
    };

    const timeout = options.timeout ?? defaultTimeout;
    timers.push(
      setTimeout(() => {
        fail(
          new CommandError("COMMAND_TIMEOUT", `run ${shown}: not finished after ${timeout / 1000} s, killed`),
          "SIGKILL",
        );
      }, timeout),
    );
    options.signal?.addEventListener("abort", onAbort, { once: true });
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (chunk: Buffer) => {
        sizes[stream] += chunk.length;
        if (sizes[stream] <= maxOutput) output[stream].push(chunk);
        else
          fail(
            new CommandError(
              "COMMAND_OUTPUT",
              `run ${shown}: wrote more than ${maxOutput / 1024 / 1024} MiB to ${stream}, killed`,
            ),
            "SIGKILL",
          );
      });
    }
    // A command that doesn't read its input closes the pipe (EPIPE): its exit status says whether that was wrong.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.once("error", (error) => {
      const missing = "code" in error && error.code === "ENOENT";
      failure ??= new CommandError(
        missing ? "COMMAND_NOT_FOUND" : "COMMAND_FAILED",
        startFailure(shown, program, options.cwd, error, missing),
        { cause: error },
      );
      if (child.pid === undefined) settle(127);
    });
    child.once("exit", (code, signal) => {
      const status = code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 9);
      child.once("close", () => settle(status));
      timers.push(setTimeout(() => settle(status), drainGrace));
    });
  });
}

function startFailure(shown: string, program: string, cwd: string | undefined, error: Error, missing: boolean): string {
  if (!missing) return `run ${shown}: ${error.message}`;
  return cwd === undefined
    ? `run ${shown}: there is no ${program} here; is its package installed?`
    : `run ${shown}: there is no ${program}, or no directory ${cwd}`;
}

function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: "C.UTF-8", ...extra };
  for (const name of privateVariables) if (!(name in extra)) delete env[name];
  return env;
}
