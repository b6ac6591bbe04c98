import { get, type IncomingMessage } from "node:http";
import { Agent, request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Milliseconds. */
  readonly took: number;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
  readonly body?: string;
  /** The answer's body as latin1 text, byte by byte. */
  readonly binary?: boolean;
}

/** One request in clear, whatever the URL's host is called. */
export function fetchWithHost(url: string, host: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response);
    }).on("error", reject);
  });
}

/** One request to a front on loopback, as a browser would send it; rejects when the connection breaks. */
export function ask(port: number, host: string, path = "/", asking: Asking = {}): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      servername: host,
      path,
      method: asking.method ?? "GET",
      headers: { host, ...asking.headers },
      rejectUnauthorized: false,
      ...(asking.agent === undefined ? { agent: false as const } : { agent: asking.agent }),
    };
    const sent = request(options, (response) => {
      let body = "";
      response.setEncoding(asking.binary === true ? "latin1" : "utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          took: performance.now() - started,
        });
      });
    });
    sent.on("error", reject);
    sent.end(asking.body);
  });
}

export interface Load {
  /** Ends the load and says how it went. */
  end(): Promise<{
    readonly sent: number;
    readonly failures: readonly string[];
    readonly bySite: Readonly<Record<string, number>>;
    readonly slowest: number;
  }>;
  sent(): number;
}

/** Keep-alive GETs, or what `asking` says, at a fixed rate until `end`. */
export function startLoad(port: number, host: string, perSecond: number, path = "/", asking: Asking = {}): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const running = new Set<Promise<void>>();
  const failures: string[] = [];
  const bySite: Record<string, number> = {};
  let sent = 0;
  let slowest = 0;
  const one = async (): Promise<void> => {
    sent += 1;
    try {
      const answer = await ask(port, host, path, { ...asking, agent });
      const site = String(answer.headers["x-zcloud-site"]);
      bySite[site] = (bySite[site] ?? 0) + 1;
      slowest = Math.max(slowest, answer.took);
      if (answer.status !== 200) failures.push(`${answer.status} after ${Math.round(answer.took)} ms`);
    } catch (error) {
      failures.push(String(error));
    }
  };
  const timer = setInterval(() => {
    const asked = one();
    running.add(asked);
    void asked.finally(() => running.delete(asked));
  }, 1000 / perSecond);
  return {
    sent: () => sent,
    async end() {
      clearInterval(timer);
      await Promise.all(running);
      agent.destroy();
      return { sent, failures, bySite, slowest: Math.round(slowest) };
    },
  };
}
