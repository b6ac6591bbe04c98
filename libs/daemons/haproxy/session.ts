import { connect, type Socket } from "node:net";
import { RuntimeApiError } from "./errors.ts";

/** Ends every answer in interactive mode (management guide, 9.3); no answer has a line that begins so. */
const prompt = "\n> ";

/** One connection in interactive mode, for many commands: a connection each costs more than what most of them do. */
export interface Session {
  /** Resolves with what was answered, trimmed. One at a time. */
  send(command: string): Promise<string>;
  close(): void;
}

/** Opens at the first command. A connection that broke fails the command under way and those after it. */
export function openSession(socketPath: string, timeoutMs: number): Session {
  let socket: Socket | undefined;
  let answer = "";
  let waiting: { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void } | undefined;
  let broken: RuntimeApiError | undefined;

  function fail(error: RuntimeApiError): void {
    broken ??= error;
    socket?.destroy();
    waiting?.reject(broken);
    waiting = undefined;
  }

  function open(verb: () => string): Socket {
    const opened = connect(socketPath).setEncoding("utf8");
    opened.setTimeout(timeoutMs, () => {
      const message = `run ${verb()}: HAProxy did not answer within ${timeoutMs} ms`;
      fail(new RuntimeApiError("RUNTIME_TIMEOUT", message));
    });
    const unreachable = (cause?: Error): void => {
      const message = `run ${verb()}: can't talk to HAProxy at ${socketPath}`;
      fail(new RuntimeApiError("RUNTIME_UNREACHABLE", message, { cause }));
    };
    opened.on("error", unreachable);
    opened.on("close", () => unreachable());
    opened.on("data", (chunk: string) => {
      answer += chunk;
      if (!answer.endsWith(prompt)) return;
      const text = answer.slice(0, -prompt.length).trim();
      answer = "";
      const { resolve } = waiting ?? {};
      waiting = undefined;
      resolve?.(text);
    });
    return opened;
  }

  let verb = "";
  function exchange(command: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      verb = command.split(" ").slice(0, 3).join(" ");
      waiting = { resolve, reject };
      socket?.write(`${command}\n`);
    });
  }

  return {
    async send(command) {
      if (socket === undefined) {
        socket = open(() => verb);
        await exchange("prompt");
      }
      return exchange(command);
    },
    close() {
      broken = new RuntimeApiError("RUNTIME_UNREACHABLE", `run ${verb}: the connection was closed by ourselves`);
      socket?.destroy();
    },
  };
}
