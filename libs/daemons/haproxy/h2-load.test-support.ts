import { type ClientHttp2Session, connect, constants } from "node:http2";

/** GETs by HTTP/2 at a fixed rate over kept connections, as a browser makes them: it leaves a connection that says goodbye. */
export function startH2Load(port: number, host: string, perSecond: number) {
  const sessions = new Set<ClientHttp2Session>();
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  let current: ClientHttp2Session | undefined;
  let connections = 0;
  let sent = 0;

  function session(): ClientHttp2Session {
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    const made = connect(`https://127.0.0.1:${port}`, { servername: host, rejectUnauthorized: false });
    const leave = (): void => {
      if (current === made) current = undefined;
    };
    connections += 1;
    made
      .on("goaway", leave)
      .on("close", leave)
      .on("close", () => sessions.delete(made));
    made.on("error", leave);
    sessions.add(made);
    current = made;
    return made;
  }

  /** `undefined` if it went well. RFC 9113, 8.7: a refused stream was not processed, so asking again is safe. */
  function ask(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const stream = session().request({ ":path": "/", ":authority": host });
      let status = 0;
      stream.on("response", (headers) => {
        status = Number(headers[":status"]);
      });
      stream.on("error", (error) => {
        const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
        resolve(refused ? "refused" : error.message);
      });
      stream.on("close", () => resolve(status === 200 ? undefined : `status ${status}`));
      stream.resume();
    });
  }

  async function one(): Promise<void> {
    sent += 1;
    let failure = await ask();
    for (let attempt = 0; failure === "refused" && attempt < 3; attempt += 1) failure = await ask();
    if (failure !== undefined) failures.push(failure);
  }

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
      for (const open of sessions) open.destroy();
      return { sent, failures, connections };
    },
  };
}
