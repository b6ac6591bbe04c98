import { write } from "node:fs";

/**
 * The way to systemd (sd_notify(3)). Node can't send unix datagrams, but it can write to a connected one: the unit has
 * `OpenFile=/run/systemd/notify:notify`, so systemd connects the socket and passes it as a file descriptor
 * (systemd.service(5); 253 or later). No helper process, and NotifyAccess=main holds.
 */
export interface Notifier {
  /** Milliseconds within which systemd wants to hear WATCHDOG=1; undefined where it doesn't watch. */
  readonly watchdogMs: number | undefined;
  /** Whether anybody listens. */
  readonly connected: boolean;
  /** One datagram, e.g. `READY=1`, `STATUS=...`. Resolves when the kernel has it; false if it couldn't be sent. */
  send(...assignments: readonly string[]): Promise<boolean>;
}

/** First passed descriptor, by the protocol of sd_listen_fds(3). */
const firstDescriptor = 3;

/** Takes what systemd passed in the environment of the process `pid`. */
export function openNotifier(env: NodeJS.ProcessEnv = process.env, pid: number = process.pid): Notifier {
  const descriptor = notifyDescriptor(env, pid);
  return {
    watchdogMs: watchdogPeriod(env, pid),
    connected: descriptor !== undefined,
    send(...assignments) {
      if (descriptor === undefined) return Promise.resolve(false);
      const datagram = Buffer.from(assignments.map((line) => line.replaceAll("\n", " ")).join("\n"));
      return new Promise((resolve) => write(descriptor, datagram, (error) => resolve(error === null)));
    },
  };
}

function notifyDescriptor(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  if (env["LISTEN_PID"] !== String(pid)) return undefined;
  const names = (env["LISTEN_FDNAMES"] ?? "").split(":");
  const index = names.indexOf("notify");
  return index < 0 || index >= Number(env["LISTEN_FDS"]) ? undefined : firstDescriptor + index;
}

function watchdogPeriod(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"]);
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  const meant = env["WATCHDOG_PID"];
  return meant === undefined || meant === String(pid) ? microseconds / 1000 : undefined;
}

/**
 * Tells systemd at half the period that the event loop turns: a timer, then a turn of the loop, then the datagram.
 * Returns how to stop.
 */
export function keepWatchdog(notifier: Notifier): () => void {
  if (notifier.watchdogMs === undefined) return () => {};
  const timer = setInterval(() => setImmediate(() => void notifier.send("WATCHDOG=1")), notifier.watchdogMs / 2);
  return () => clearInterval(timer);
}
