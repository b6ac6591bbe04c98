import { Agent, request } from "node:https";

export interface Load {
  end(): Promise<{ readonly sent: number; readonly failures: readonly string[] }>;
}

/** Keep-alive GETs at a fixed rate, open loop, until `end`. */
export function startLoad(port: number, name: string, perSecond: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  let sent = 0;

  function one(): Promise<void> {
    return new Promise((resolve) => {
      const options = {
        host: "127.0.0.1",
        port,
        servername: name,
        headers: { host: name },
        agent,
        rejectUnauthorized: false,
      };
      const asked = request({ ...options, timeout: 30_000 }, (response) => {
        if (response.statusCode !== 200) failures.push(`status ${response.statusCode}`);
        response
          .resume()
          .on("end", resolve)
          .on("error", (error) => {
            failures.push(error.message);
            resolve();
          });
      });
      asked.on("timeout", () => asked.destroy(new Error("no answer in 30 s")));
      asked.on("error", (error) => {
        failures.push(error.message);
        resolve();
      });
      asked.end();
    });
  }

  const began = performance.now();
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - began) / 1000) * perSecond; sent += 1) {
      const asked = one();
      running.add(asked);
      void asked.then(() => running.delete(asked));
    }
  }, 5);
  return {
    async end() {
      clearInterval(timer);
      await Promise.all(running);
      agent.destroy();
      return { sent, failures };
    },
  };
}
