import { connect, type Socket } from "node:net";
import { RuntimeApiError } from "./errors.ts";

/** Stands after every answer, on a line of its own, in interactive mode (management guide, 9.3); no answer has such a line. */
const prompt = "> ";

/** One connection in interactive mode, for many commands: a connection each costs more than what most of them do. */
export interface Session {
  /** Resolves with what was answered, trimmed. One at a time. */
  send(command: string): Promise<string>;
  /** Gives the answer in pieces of whole lines as it comes; some are megabytes. One at a time. */
  stream(command: string, read: (lines: string) => void): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly read: (lines: string) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Opens at the first command. A connection that broke fails the command under way and those after it. */
export function openSession(socketPath: string, timeoutMs: number): Session {
  let socket: Socket | undefined;
  /** Of the answer under way: what came after its last line break. */
  let rest = "";
  let waiting: Waiting | undefined;
  let broken: RuntimeApiError | undefined;

  function fail(error: RuntimeApiError): void {
    broken ??= error;
    socket?.destroy();
    waiting?.reject(broken);
    waiting = undefined;
  }

  function take(chunk: string): void {
    const text = rest + chunk;
    const end = text.lastIndexOf("\n") + 1;
    rest = text.slice(end);
    if (end > 0) give(text.slice(0, end));
    if (rest !== prompt) return;
    rest = "";
    const { resolve } = waiting ?? {};
    waiting = undefined;
    resolve?.();
  }

  /** A mistake of whoever reads is theirs, and the rest of the answer nobody's. */
  function give(lines: string): void {
    try {
      waiting?.read(lines);
    } catch (error) {
      waiting?.reject(error);
      fail(new RuntimeApiError("RUNTIME_REFUSED", `run ${verb}: the answer could not be read`, { cause: error }));
    }
  }

  function open(): Socket {
    const opened = connect(socketPath).setEncoding("utf8");
    opened.setTimeout(timeoutMs, () => {
      const message = `run ${verb}: HAProxy did not answer within ${timeoutMs} ms`;
      fail(new RuntimeApiError("RUNTIME_TIMEOUT", message));
    });
    const unreachable = (cause?: Error): void => {
      const message = `run ${verb}: can't talk to HAProxy at ${socketPath}`;
      fail(new RuntimeApiError("RUNTIME_UNREACHABLE", message, { cause }));
    };
    opened.on("error", unreachable);
    opened.on("close", () => unreachable());
    opened.on("data", take);
    return opened;
  }

  let verb = "";
  function exchange(command: string, read: (lines: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      verb = command.split(" ").slice(0, 3).join(" ");
      waiting = { read, resolve, reject };
      socket?.write(`${command}\n`);
    });
  }

  async function stream(command: string, read: (lines: string) => void): Promise<void> {
    if (socket === undefined) {
      socket = open();
      await exchange("prompt", () => {});
    }
    await exchange(command, read);
  }

  return {
    stream,
    async send(command) {
      const pieces: string[] = [];
      await stream(command, (lines) => pieces.push(lines));
      return pieces.join("").trim();
    },
    close() {
      broken = new RuntimeApiError("RUNTIME_UNREACHABLE", `run ${verb}: the connection was closed by ourselves`);
      socket?.destroy();
    },
  };
}
