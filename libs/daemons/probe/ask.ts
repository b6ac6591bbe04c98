import { connect, type SecureContext } from "node:tls";
import { askPort } from "./ask-port.ts";
import type { Target } from "./targets.ts";
import type { FailureKind, Outcome } from "./verdict.ts";

export interface AskOptions {
  /** What the name's certificate is checked against; undefined: node's own authorities. */
  readonly trust: SecureContext | undefined;
  /** Milliseconds for the whole answer. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** An answer's head is small; of a body so much is read before the connection is closed in its face. */
const mostRead = 64 * 1024;

/**
 * One GET as a client on the internet would send it: TCP, TLS with the name checked, HTTP/1.1, its own connection. Where
 * TLS is passed through, the handshake alone; to a TCP service, a connection.
 */
export function askDoor(target: Target, options: AskOptions): Promise<Outcome> {
  if (target.port !== undefined) return askPort(target, options);
  const { trust, patience, signal } = options;
  const { door, name, path } = target;
  const handshake = target.expect === "handshake";
  const started = performance.now();
  const took = (): number => performance.now() - started;
  return new Promise((resolve) => {
    let phase: FailureKind = "connect";
    let answer = "";
    let read = 0;
    const socket = connect({
      host: door.address,
      port: door.port,
      servername: name,
      // Who has the keys decides what is spoken, and by which certificate.
      ...(handshake ? { rejectUnauthorized: false } : { ALPNProtocols: ["http/1.1"] }),
      ...(trust === undefined || handshake ? {} : { secureContext: trust }),
    });
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(outcome);
    };
    const fail = (kind: FailureKind, reason: string): void => end({ ok: false, ms: took(), kind, reason });
    const late = (): void => {
      if (phase === "connect") fail("connect", `no TCP connection within ${patience / 1000} s`);
      else fail("timeout", `no ${handshake ? "handshake" : "whole answer"} within ${patience / 1000} s`);
    };
    const abort = (): void => fail("timeout", "probing was ended");
    const timer = setTimeout(late, patience);
    const finish = (): void => {
      const { status, servedBy } = parseHead(answer);
      if (status === undefined) fail("status", "the connection was closed without an answer");
      else if (!isWell(status, target.expect)) fail("status", `answered ${status}`);
      else end({ ok: true, ms: took(), servedBy });
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => {
      phase = "tls";
    });
    socket.once("secureConnect", () => {
      if (handshake) return end({ ok: true, ms: took(), servedBy: undefined });
      phase = "status";
      const lines = [`GET ${path} HTTP/1.1`, `Host: ${name}`, "User-Agent: zcloud-probe", "Accept: */*"];
      socket.write(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", (chunk: Buffer) => {
      read += chunk.length;
      if (answer.length < mostRead) answer += chunk.toString("latin1");
      if (read >= mostRead) finish();
    });
    socket.once("end", () => (handshake ? fail("tls", "the connection was closed without a handshake") : finish()));
    socket.once("error", (error: NodeJS.ErrnoException) => fail(phase, explain(phase, error)));
  });
}

function isWell(status: number, expect: Target["expect"]): boolean {
  if (expect === "health") return status >= 200 && status < 400;
  return status >= 200 && status < 500 && status !== 429;
}

function parseHead(answer: string): { readonly status: number | undefined; readonly servedBy: string | undefined } {
  const end = answer.indexOf("\r\n\r\n");
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(answer) ?? [];
  if (end < 0 || status === undefined) return { status: undefined, servedBy: undefined };
  return { status: Number(status), servedBy: /^x-zcloud-site: *([a-z0-9-]+)/im.exec(answer.slice(0, end))?.[1] };
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no way there",
  ENETUNREACH: "no way there",
  ECONNRESET: "the connection was broken off",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by nobody: it is the placeholder",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "no known authority signed its certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "no known authority signed its certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "no known authority signed its certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

function explain(phase: FailureKind, { code = "", message }: NodeJS.ErrnoException): string {
  const said = words[code] ?? message.split("\n")[0] ?? code;
  return phase === "tls" && !said.includes("certificate") ? `no TLS: ${said}` : said;
}
