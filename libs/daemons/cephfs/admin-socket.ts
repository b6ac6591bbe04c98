import { connect } from "node:net";

/** Milliseconds; a client answers at once, also while its mount hangs. */
const patience = 2_000;
const mostBytes = 1024 * 1024;

/**
 * Asks a daemon or client of Ceph through its admin socket: JSON and a zero byte there, its length (4 bytes, big end first) and JSON back.
 * @returns undefined if nobody answers
 */
export function askSocket(path: string, prefix: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const socket = connect({ path, signal }).setTimeout(patience);
    const end = (value: unknown): void => {
      socket.destroy();
      resolve(value);
    };
    socket.on("connect", () => socket.write(`${JSON.stringify({ prefix, format: "json" })}\0`));
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > mostBytes) end(undefined);
    });
    socket.on("end", () => end(parse(Buffer.concat(chunks))));
    socket.on("error", () => end(undefined));
    socket.on("timeout", () => end(undefined));
    socket.on("close", () => resolve(undefined));
  });
}

function parse(answer: Buffer): unknown {
  if (answer.length < 4 || answer.readUInt32BE(0) !== answer.length - 4) return undefined;
  try {
    return JSON.parse(answer.subarray(4).toString());
  } catch {
    return undefined;
  }
}
