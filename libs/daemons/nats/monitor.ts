import { get } from "node:http";

const timeout = 3_000;
const mostBytes = 4 * 1024 * 1024;

/** What a URL of the server's monitoring answers, parsed; undefined when nobody answers, or not JSON. A process per look would cost more than the look. */
export function getJson(url: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal, timeout }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > mostBytes) request.destroy();
        else chunks.push(chunk);
      });
      response.on("error", () => resolve(undefined));
      response.on("close", () => resolve(parse(Buffer.concat(chunks).toString("utf8"))));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
