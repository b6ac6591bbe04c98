import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { atExit } from "./at-exit.ts";

/** A real daemon started for a test. */
export interface Daemon {
  readonly pid: number;
  /** Everything it has written to standard output and error. */
  said(): string;
  signal(name: NodeJS.Signals): void;
  /** Ends it by the signal and waits until it is gone. */
  stop(name?: NodeJS.Signals): Promise<void>;
}

export interface DaemonOptions {
  readonly cwd?: string;
  /** Milliseconds until it must be ready; 20,000 by default. */
  readonly timeout?: number;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program and waits until it is ready: a condition holds, it has said something, or a TCP port of 127.0.0.1
 * answers. Says what the program wrote when it ends before that.
 */
export async function startDaemon(
  argv: readonly [string, ...string[]],
  readiness: (() => Promise<boolean>) | RegExp | number,
  options: DaemonOptions = {},
): Promise<Daemon> {
  const [program, ...args] = argv;
  const env = { ...process.env, ...options.env };
  const child = spawn(program, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString("utf8")).slice(-200_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => keep(Buffer.from(String(error))));
  const ready = async () => {
    if (typeof readiness === "number") return answers(readiness);
    return readiness instanceof RegExp ? readiness.test(output) : readiness();
  };
  const gone = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  child.once(
    "exit",
    atExit(() => child.kill("SIGKILL")),
  );
  const until = Date.now() + (options.timeout ?? 20_000);
  while (!(await ready().catch(() => false))) {
    if (gone() || Date.now() > until) {
      child.kill("SIGKILL");
      throw new Error(`start ${argv.join(" ")}: ${gone() ? "it ended" : "it is not ready"}; it said:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    pid: child.pid ?? 0,
    said: () => output,
    signal: (name) => void child.kill(name),
    stop: (name = "SIGTERM") => stop(child, name),
  };
}

async function stop(child: ChildProcess, name: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGCONT");
  child.kill(name);
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(timer);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Asks again and again until the condition holds; fails with `what` after `timeout` milliseconds. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeout = 30_000,
): Promise<number> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > timeout) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return Math.round(performance.now() - start);
}
