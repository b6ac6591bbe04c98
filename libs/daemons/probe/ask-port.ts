import { connect } from "node:net";
import type { Target } from "./targets.ts";
import type { Outcome } from "./verdict.ts";

/** Milliseconds: a front that has nobody for a connection ends it within this time, whatever it tries before. */
const endsWithin = 3_000;
/** Of a greeting so much is looked at; longer first lines are none. */
const longest = 1_024;

/**
 * One connection to a public port as a client on the internet would make it. Where the service speaks first it must say what it
 * promised; the front takes every connection, so where it does not, all that shows is whether the front ends it for want of a server.
 */
export function askPort(
  { door, greets }: Pick<Target, "door" | "greets">,
  { patience, signal }: { readonly patience: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    let connected: number | undefined;
    let said = "";
    const socket = connect({ host: door.address, port: door.port });
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      clearTimeout(hold);
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(outcome);
    };
    const well = (ms: number): void => end({ ok: true, ms, servedBy: undefined });
    const fail = (kind: "connect" | "status" | "timeout", reason: string): void => {
      end({ ok: false, ms: performance.now() - started, kind, reason });
    };
    const abort = (): void => fail("timeout", "probing was ended");
    const within = `within ${patience / 1000} s`;
    const timer = setTimeout(() => {
      if (connected === undefined) fail("connect", `no TCP connection ${within}`);
      else if (greets === undefined) well(connected);
      else fail("timeout", `no greeting ${within}`);
    }, patience);
    let hold: NodeJS.Timeout | undefined;
    const judge = (): void => {
      if (greets === undefined) well(connected ?? 0);
      else if (said.startsWith(greets)) well(performance.now() - started);
      else if (said.includes("\n") || said.length >= longest)
        fail("status", `greets with "${firstLine(said)}" instead of "${greets}"`);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => {
      connected = performance.now() - started;
      if (greets === undefined) hold = setTimeout(judge, endsWithin);
    });
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      judge();
    });
    socket.once("end", () => {
      if (said === "") fail("status", "the connection was ended at once");
      else fail("status", `greets with "${firstLine(said)}" instead of "${greets}"`);
    });
    socket.once("error", ({ code = "", message }: NodeJS.ErrnoException) => {
      const reason = code === "ECONNREFUSED" ? "connection refused" : (message.split("\n")[0] ?? code);
      if (connected === undefined && code !== "ECONNRESET") fail("connect", reason);
      else fail("status", "the connection was broken off");
    });
  });
}

/** Strangers' words, for an operator's terminal. */
function firstLine(said: string): string {
  const [line = ""] = said.trimEnd().split(/\r?\n/, 1);
  return line.slice(0, 60).replace(/[^ -~]/g, "?");
}
