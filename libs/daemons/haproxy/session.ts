import { connect, type Socket } from "node:net";
import { RuntimeApiError } from "./errors.ts";

/** Begins the line after every answer in interactive mode (management guide, 9.3); no line of an answer begins so. */
const prompt = "> ";

/** Before the answer to a command with a payload: one for each of its lines. */
const payloadPrompts = /^(\+ )+/;

/** One connection in interactive mode, for many commands: a connection each costs more than what most of them do. */
export interface Session {
  /** Resolves with what was answered, trimmed. Several may be under way; they are answered in their order. */
  send(command: string, payload?: string): Promise<string>;
  /** Gives the answer in pieces of whole lines as it comes; some are megabytes. */
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
  const waiting: Waiting[] = [];
  let broken: RuntimeApiError | undefined;

  function fail(error: RuntimeApiError): void {
    broken ??= error;
    socket?.destroy();
    for (const { reject } of waiting.splice(0)) reject(broken);
  }

  function take(chunk: string): void {
    rest += chunk;
    for (let end = endOfAnswer(rest); end !== undefined; end = endOfAnswer(rest)) {
      if (end > 0) give(rest.slice(0, end));
      rest = rest.slice(end + prompt.length);
      waiting.shift()?.resolve();
    }
    const lines = rest.lastIndexOf("\n") + 1;
    if (lines > 0) give(rest.slice(0, lines));
    rest = rest.slice(lines);
  }

  /** A mistake of whoever reads is theirs, and the rest of the answer nobody's. */
  function give(lines: string): void {
    try {
      waiting[0]?.read(lines);
    } catch (error) {
      waiting[0]?.reject(error);
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
  function exchange(command: string, payload: string | undefined, read: (lines: string) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (broken !== undefined) return reject(broken);
      verb = command.split(" ").slice(0, 3).join(" ");
      waiting.push({ read, resolve, reject });
      socket?.write(requestText(command, payload));
    });
  }

  let ready: Promise<void> | undefined;
  async function ask(command: string, payload: string | undefined, read: (lines: string) => void): Promise<void> {
    if (ready === undefined) {
      socket = open();
      ready = exchange("prompt", undefined, () => {});
    }
    await ready;
    await exchange(command, payload, read);
  }

  return {
    stream: (command, read) => ask(command, undefined, read),
    async send(command, payload) {
      const pieces: string[] = [];
      await ask(command, payload, (lines) => pieces.push(lines));
      const answer = pieces.join("");
      return (payload === undefined ? answer : answer.replace(payloadPrompts, "")).trim();
    },
    close() {
      broken = new RuntimeApiError("RUNTIME_UNREACHABLE", `run ${verb}: the connection was closed by ourselves`);
      socket?.destroy();
    },
  };
}

/** Where the line begins that the prompt is on. */
function endOfAnswer(text: string): number | undefined {
  if (text.startsWith(prompt)) return 0;
  const at = text.indexOf(`\n${prompt}`);
  return at < 0 ? undefined : at + 1;
}

/** A payload ends at the first empty line, so it must not have one. */
export function requestText(command: string, payload: string | undefined): string {
  if (payload === undefined) return `${command}\n`;
  const lines = payload.split(/\r?\n/).filter((line) => line.trim() !== "");
  return `${command} <<\n${lines.join("\n")}\n\n`;
}
