import { spawn } from "node:child_process";

/** A program did not end well; what it wrote to standard error. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code = "STREAM_FAILED";
}

export interface StreamOptions {
  readonly signal?: AbortSignal;
  /** Exit statuses besides 0 that are no failure: grep says 1 where it finds nothing. */
  readonly fine?: readonly number[];
}

/** Bytes of a line that are kept; the rest of a longer one is left out. */
const longest = 1024 * 1024;

/**
 * What a program of this machine writes, as lists of lines as they come, without their ends. It waits while nobody takes them; it
 * is killed when the reader stops or the signal aborts. The last line may lack its end.
 */
export async function* streamLines(
  argv: readonly string[],
  { signal, fine = [] }: StreamOptions = {},
): AsyncGenerator<readonly string[], void, undefined> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("stream lines: the command is empty");
  if (signal?.aborted === true) return;
  const { NOTIFY_SOCKET: _, WATCHDOG_USEC: __, WATCHDOG_PID: ___, ...env } = process.env;
  // A group of its own: a shell's pipeline ends as a whole.
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let stderr = "";
  let stopped = false;
  const ended = new Promise<number>((resolve) => {
    child.once("close", (code) => resolve(code ?? 128));
    child.once("error", (error) => {
      stderr += String(error);
      resolve(127);
    });
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-4_000);
  });
  const stop = (): void => {
    stopped = true;
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    let rest = "";
    child.stdout.setEncoding("utf8");
    for await (const chunk of child.stdout as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = (lines.pop() ?? "").slice(0, longest);
      if (lines.length > 0) yield lines;
    }
    if (rest !== "") yield [rest];
    const status = await ended;
    if (stopped || status === 0 || fine.includes(status)) return;
    throw new StreamError(`run ${program}: exit ${status}: ${stderr.trim()}`);
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}
