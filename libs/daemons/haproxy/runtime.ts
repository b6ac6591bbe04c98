import { connect } from "node:net";
import { RuntimeApiError } from "./errors.ts";
import { openSession, requestText } from "./session.ts";

/** Sends one command line, with a payload if it takes one (management guide, 9.3); resolves with what was answered, trimmed. */
export type Send = (command: string, payload?: string) => Promise<string>;

/** Sends one command line and gives the answer in pieces of whole lines, for those of megabytes. */
export type Stream = (command: string, read: (lines: string) => void) => Promise<void>;

export interface Runtime {
  /** One command; commands of one process never overlap, HAProxy's own queue is serial too. */
  readonly send: Send;
  /** Several commands with nothing in between: certificate transactions must not interleave. */
  exclusive<T>(work: (send: Send, stream: Stream) => Promise<T>): Promise<T>;
}

/**
 * Client of the runtime API, or of the master's command line, at a unix socket. What is done in one go shares a
 * connection; a command that is alone has its own.
 */
export function createRuntime(socket: string, timeoutMs = 10_000): Runtime {
  let tail: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work);
    tail = result.catch(() => undefined);
    return result;
  }

  async function together<T>(work: (send: Send, stream: Stream) => Promise<T>): Promise<T> {
    const session = openSession(socket, timeoutMs);
    try {
      return await work(session.send, session.stream);
    } finally {
      session.close();
    }
  }

  return {
    exclusive: (work) => inTurn(() => together(work)),
    send: (command, payload) => inTurn(() => exchange(socket, command, payload, timeoutMs)),
  };
}

function exchange(socket: string, command: string, payload: string | undefined, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const connection = connect(socket);
    const verb = command.split(" ").slice(0, 3).join(" ");
    connection.setTimeout(timeoutMs, () => {
      connection.destroy(
        new RuntimeApiError("RUNTIME_TIMEOUT", `run ${verb}: HAProxy did not answer within ${timeoutMs} ms`),
      );
    });
    connection.on("connect", () => connection.write(requestText(command, payload)));
    connection.on("data", (chunk) => chunks.push(chunk));
    connection.on("error", (cause) => {
      if (cause instanceof RuntimeApiError) return reject(cause);
      reject(new RuntimeApiError("RUNTIME_UNREACHABLE", `run ${verb}: can't talk to HAProxy at ${socket}`, { cause }));
    });
    connection.on("close", () => resolve(Buffer.concat(chunks).toString("utf8").trim()));
  });
}
