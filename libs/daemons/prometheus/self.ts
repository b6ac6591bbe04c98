import { get } from "node:http";

const timeout = 5_000;
const mostBytes = 4 * 1024 * 1024;

/** What a daemon answers at this URL; undefined when nobody answers, or not 200. */
export function getText(url: string, signal: AbortSignal): Promise<string | undefined> {
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
      response.on("end", () =>
        resolve(response.statusCode === 200 ? Buffer.concat(chunks).toString("utf8") : undefined),
      );
      response.on("close", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

/** The value of a metric without labels, in Prometheus' text format. */
export function sampleOf(name: string, text: string): number | undefined {
  const line = new RegExp(`^${name} (\\S+)$`, "m").exec(text);
  return line === null ? undefined : Number(line[1]);
}
