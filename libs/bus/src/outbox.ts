import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { type Event, eventSubject } from "@zcloud/events";
import { pause, text } from "./link.ts";
import type { BusLogger } from "./options.ts";

interface Letter {
  readonly id: string;
  readonly event: Event;
}

export interface Outbox {
  push(event: Event): void;
  /** Events waiting, and events given up because there were too many. */
  waiting(): number;
  dropped(): number;
  deliver(connection: NatsConnection, signal: AbortSignal): Promise<void>;
}

const mostLetters = 1_000;

/**
 * Events on their way to the stream: in order, each sent until the stream says that it has it. Message ids let the
 * stream drop a second copy (`Nats-Msg-Id`, two minutes).
 */
export function createOutbox(logger: BusLogger, capacity = mostLetters): Outbox {
  const letters: Letter[] = [];
  let wake = new AbortController();
  let dropped = 0;

  return {
    waiting: () => letters.length,
    dropped: () => dropped,
    push(event) {
      if (letters.length >= capacity) {
        letters.shift();
        dropped += 1;
      }
      letters.push({ id: crypto.randomUUID(), event });
      wake.abort();
    },
    async deliver(connection, signal) {
      const client = jetstream(connection, { timeout: 5_000 });
      while (!signal.aborted) {
        const letter = letters[0];
        if (letter === undefined) {
          wake = new AbortController();
          await pause(60_000, signal, wake.signal);
          continue;
        }
        try {
          const { host, kind } = letter.event;
          await client.publish(eventSubject(host, kind), JSON.stringify(letter.event), { msgID: letter.id });
          if (letters[0] === letter) letters.shift();
        } catch (error) {
          if (signal.aborted) return;
          logger.debug({ reason: text(error) }, "event not taken by the stream; trying on");
          await pause(2_000 * (0.5 + Math.random()), signal);
        }
      }
    },
  };
}
