import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A program of ours that answers line by line for as long as it lives. */
export interface Conversation {
  /** One line, without its end. Lost if the program has ended. */
  send(line: string): void;
  /** Asks it to end: its input is closed. It may still answer. */
  finish(): void;
  kill(): void;
}

export interface ConversationOptions {
  readonly onLine: (line: string) => void;
  /** Once. `stderr`: the end of what it wrote there. */
  readonly onEnd: (end: { readonly status: number | undefined; readonly stderr: string }) => void;
}

/** Characters of standard error that are kept. */
const kept = 4_000;

/** Starts a program on this machine and talks with it by lines; secrets go through its pipes, never through arguments. */
export function converse(argv: readonly string[], { onLine, onEnd }: ConversationOptions): Conversation {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError("converse: the command is empty");
  const { NOTIFY_SOCKET: _, WATCHDOG_USEC: __, WATCHDOG_PID: ___, ...env } = process.env;
  const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  let ended = false;
  const end = (status: number | undefined): void => {
    if (ended) return;
    ended = true;
    onEnd({ status, stderr });
  };
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-kept);
  });
  // A program that has ended closes the pipe (EPIPE): its end is told by `onEnd`.
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", onLine);
  child.once("error", (error) => {
    stderr += String(error);
    if (child.pid === undefined) end(undefined);
  });
  child.once("close", (code) => end(code ?? undefined));
  return {
    send: (line) => void child.stdin.write(`${line}\n`),
    finish: () => void child.stdin.end(),
    kill: () => void child.kill("SIGKILL"),
  };
}
