import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { numbers, numbersFault, numbersSubject } from "@zcloud/events";
import { type Link, pause, text as said } from "./link.ts";
import type { BusLogger } from "./options.ts";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

export interface NumbersOptions {
  readonly logger: BusLogger;
  /** Milliseconds that nobody sets; this process's own by default. */
  readonly now?: () => number;
}

/** Tells znet this host's numbers while there is a connection; what could not be sent is not sent later. Returns how to stop. */
export function sendNumbers(
  link: Pick<Link, "attach">,
  host: string,
  text: () => Promise<string>,
  { logger }: NumbersOptions,
): () => void {
  let before = "";
  const complain = (reason: string): void => {
    if (reason !== before && reason !== "") logger.warn({ reason }, "numbers not sent");
    before = reason;
  };
  async function send(connection: NatsConnection, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const packed = await pack(await text());
        const tooMany = packed.length > numbers.mostPacked;
        if (!tooMany && !connection.isClosed()) connection.publish(numbersSubject(host), packed);
        complain(tooMany ? `${packed.length} bytes are too many` : "");
      } catch (error) {
        complain(said(error));
      }
      await pause(numbers.every, signal);
    }
  }
  return link.attach((connection, signal) => void send(connection, signal));
}

/** Milliseconds until a subscription that was refused is tried again. */
const refusedDelay = 10_000;

function aborted(...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) return resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    }
  });
}

export interface Numbers {
  /** The last ones of a host; undefined if there are none, or none of the last minute. */
  textOf(host: string): string | undefined;
  stop(): void;
}

/** Takes the numbers of these hosts and of nobody else: what is too large, or no numbers, is left out, and the last good ones get older. */
export function takeNumbers(
  link: Pick<Link, "attach">,
  hosts: readonly string[],
  { logger, now = () => performance.now() }: NumbersOptions,
): Numbers {
  const last = new Map<string, { readonly at: number; readonly text: string }>();
  const looked = new Map<string, number>();

  async function take(host: string, { data }: Msg): Promise<void> {
    if (now() - (looked.get(host) ?? Number.NEGATIVE_INFINITY) < numbers.least) return;
    looked.set(host, now());
    const at = now();
    try {
      if (data.length > numbers.mostPacked) throw new Error(`${data.length} bytes are too many`);
      const text = (await unpack(data, { maxOutputLength: numbers.mostText })).toString("utf8");
      const fault = numbersFault(text);
      if (fault !== undefined) throw new Error(fault);
      last.set(host, { at, text });
    } catch (error) {
      logger.warn({ host, reason: said(error) }, "numbers left out");
    }
  }

  /** What the server refuses now it may allow later: znet's service is there before the configuration that it writes. */
  async function listen(connection: NatsConnection, host: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const refused = new AbortController();
      const subscription = connection.subscribe(numbersSubject(host), {
        callback(error, message) {
          if (error === null || error === undefined) return void take(host, message);
          logger.warn({ host, reason: said(error) }, "numbers not to be heard; trying on");
          refused.abort();
        },
      });
      await aborted(signal, refused.signal);
      subscription.unsubscribe();
      await pause(refusedDelay, signal);
    }
  }

  const stop = link.attach((connection, signal) => {
    for (const host of hosts) void listen(connection, host, signal);
  });
  return {
    stop,
    textOf(host) {
      const known = last.get(host);
      return known === undefined || now() - known.at > numbers.stale ? undefined : known.text;
    },
  };
}
