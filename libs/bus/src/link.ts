import { type ConnectionOptions, connect, type NatsConnection, type TlsOptions } from "@nats-io/transport-node";
import { authenticatorOf } from "./nkeys.ts";
import { inboxOf, type LinkOptions } from "./options.ts";

/** Work that belongs to one connection: started when it is there, told to stop by the signal when it is lost. */
export type Session = (connection: NatsConnection, signal: AbortSignal) => void;

/** A connection to one server that is made again for ever. Each one is new: nothing of the last is trusted. */
export interface Link {
  connection(): NatsConnection | undefined;
  /** Runs `session` on the present connection and on every later one; returns how to stop. */
  attach(session: Session): () => void;
  onConnection(listener: (connected: boolean) => void): () => void;
  close(): Promise<void>;
}

const firstDelay = 100;
const longestDelay = 5_000;

/** Starts connecting; returns at once, whether or not there is a server. */
export function openLink(options: LinkOptions): Link {
  const sessions = new Map<Session, AbortController | undefined>();
  const listeners = new Set<(connected: boolean) => void>();
  const closing = new AbortController();
  let current: NatsConnection | undefined;

  function start(session: Session, connection: NatsConnection): void {
    const controller = new AbortController();
    sessions.set(session, controller);
    session(connection, controller.signal);
  }

  function stop(session: Session): void {
    sessions.get(session)?.abort();
    if (sessions.has(session)) sessions.set(session, undefined);
  }

  function tell(connected: boolean): void {
    for (const listener of [...listeners]) listener(connected);
  }

  async function serve(connection: NatsConnection): Promise<void> {
    current = connection;
    options.logger.info({ server: connection.getServer() }, "bus connected");
    for (const session of [...sessions.keys()]) start(session, connection);
    tell(true);
    const reason = await connection.closed();
    current = undefined;
    for (const session of [...sessions.keys()]) stop(session);
    if (!closing.signal.aborted)
      options.logger.warn({ reason: text(reason) }, "bus lost; going on with the last known");
    tell(false);
  }

  async function run(): Promise<void> {
    let delay = firstDelay;
    let said = "";
    for (let attempt = 0; !closing.signal.aborted; attempt += 1) {
      try {
        const connection = await connect(connectionOptions(options, attempt));
        if (closing.signal.aborted) return await connection.close();
        delay = firstDelay;
        said = "";
        await serve(connection);
      } catch (error) {
        const reason = text(error);
        if (reason !== said) options.logger.warn({ reason, servers: options.servers }, "bus not reachable; trying on");
        said = reason;
      }
      await pause(delay * (0.5 + Math.random()), closing.signal);
      delay = Math.min(delay * 2, longestDelay);
    }
  }

  const running = run();

  return {
    connection: () => current,
    attach(session) {
      sessions.set(session, undefined);
      if (current !== undefined) start(session, current);
      return () => {
        stop(session);
        sessions.delete(session);
      };
    },
    onConnection(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort();
      await current?.close();
      await running;
    },
  };
}

/**
 * The client's own reconnection stays off: a new connection has new watches, so nothing that happened meanwhile can
 * be missed. A dead peer is found within 15 s (ping every 5 s, two may be lost).
 */
function connectionOptions(options: LinkOptions, attempt: number): ConnectionOptions {
  const server = options.servers[attempt % options.servers.length] ?? "127.0.0.1:4222";
  // The client asks Node to compare the certificate with the name only, which is empty for an address: say it here.
  const host = server.replace(/:\d+$/, "");
  return {
    servers: [server],
    name: options.name,
    inboxPrefix: inboxOf(options.name),
    authenticator: authenticatorOf(options.seed),
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: 5_000,
    pingInterval: 5_000,
    maxPingOut: 2,
    ...(options.tls === undefined ? {} : { tls: { ...options.tls, host } as TlsOptions }),
  };
}

/** Resolves after `ms`, or as soon as one of the signals says so. */
export function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) return resolve();
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done);
  });
}

/** What an error says, for logs. */
export function text(error: unknown): string {
  if (error === undefined || error === null) return "closed";
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== error.message
    ? `${error.message}: ${error.cause.message}`
    : error.message;
}
