import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: string;
  /** Decoded, all parts of it. */
  readonly text: string;
}

export interface MailServer {
  readonly mails: readonly Mail[];
  /** Log-ins that were wrong. */
  refused(): number;
  /** Whatever came before TLS did. */
  inClear(): string;
  close(): void;
}

export interface MailOptions {
  readonly key: string;
  readonly cert: string;
  /** As AUTH PLAIN has it. */
  readonly user: string;
  readonly password: string;
  /** Whether it offers TLS at all. */
  readonly tls?: boolean;
}

/** A mail server on loopback (RFC 5321) that takes mail after STARTTLS and a log-in only. */
export async function serveMail(port: number, options: MailOptions): Promise<MailServer> {
  const mails: Mail[] = [];
  let refused = 0;
  let clear = "";
  const right = Buffer.from(`\0${options.user}\0${options.password}`).toString("base64");

  function talk(socket: Socket, secret: boolean): void {
    const offers = secret ? ["250 AUTH PLAIN"] : options.tls === false ? ["250 well"] : ["250 STARTTLS"];
    let buffered = "";
    let known = false;
    let from = "";
    let to: string[] = [];
    let data: string[] | undefined;

    function answer(text: string): readonly string[] {
      if (data !== undefined) {
        if (text !== ".") {
          data.push(text.replace(/^\./, ""));
          return [];
        }
        mails.push(parse(from, to, data));
        data = undefined;
        return ["250 taken"];
      }
      const [, verb = "", rest = ""] = /^(\S+) ?(.*)$/.exec(text) ?? [];
      switch (verb.toUpperCase()) {
        case "EHLO":
          return ["250-sink", ...offers];
        case "AUTH":
          known = secret && rest === `PLAIN ${right}`;
          if (!known) refused += 1;
          return [known ? "235 welcome" : "535 no"];
        case "MAIL":
          from = address(rest);
          to = [];
          return [known ? "250 well" : "530 who are you?"];
        case "RCPT":
          to.push(address(rest));
          return ["250 well"];
        case "DATA":
          data = [];
          return ["354 go on"];
        default:
          return [verb.toUpperCase() === "QUIT" ? "221 bye" : "250 well"];
      }
    }

    function take(chunk: Buffer): void {
      if (!secret) clear += chunk.toString("latin1");
      buffered += chunk.toString("utf8");
      const lines = buffered.split("\r\n");
      buffered = lines.pop() ?? "";
      for (const line of lines) {
        if (!secret && line === "STARTTLS") {
          socket.removeListener("data", take);
          socket.write("220 go on\r\n");
          talk(new TLSSocket(socket, { isServer: true, key: options.key, cert: options.cert }), true);
          return;
        }
        for (const said of answer(line)) socket.write(`${said}\r\n`);
        if (line === "QUIT") socket.end();
      }
    }

    socket.on("error", () => socket.destroy());
    socket.on("data", take);
  }

  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.write("220 sink\r\n");
    talk(socket, false);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    mails,
    refused: () => refused,
    inClear: () => clear,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const address = (rest: string): string => /<([^>]*)>/.exec(rest)?.[1] ?? "";

function parse(from: string, to: readonly string[], lines: readonly string[]): Mail {
  const end = lines.indexOf("");
  const body = lines.slice(end + 1).join("\n");
  // Quoted-printable (RFC 2045, 6.7), of bytes that are ASCII here.
  const text = body
    .replaceAll("=\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return { from, to, headers: lines.slice(0, end).join("\n"), text };
}
