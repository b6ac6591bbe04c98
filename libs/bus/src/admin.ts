import { DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import {
  type BucketName,
  type BucketValue,
  Event,
  eventStream,
  type Intent,
  keyOf,
  RemovedStack,
  type SignedMap,
  type Stack,
} from "@zcloud/events";
import { type Ensured, ensureBuckets } from "./ensure.ts";
import { type Link, openLink, pause, text } from "./link.ts";
import type { BusLogger, LinkOptions } from "./options.ts";

/** The bus is away: what was asked for can't be done now. */
export class BusAwayError extends Error {
  readonly code = "BUS_AWAY";

  constructor(what: string, options?: ErrorOptions) {
    const why = options?.cause === undefined ? "" : ` (${text(options.cause)})`;
    super(`${what}: the site's bus does not answer${why}; see: systemctl status nats-server`, options);
    this.name = "BusAwayError";
  }
}

/** What only znet may do: own the site's streams, write stacks and maps, read events. */
export interface BusAdmin {
  readonly link: Link;
  /** Whether every stream of the site's own was there and right when last looked at. Mirrors wait for the peer. */
  ensured(): boolean;
  /** From now on this peer is mirrored; idempotent, repeated at every connection. */
  wantPeer(peer: string | undefined): void;
  putStack(stack: Stack): Promise<void>;
  /** Says that a stack is to be taken down, in its place. */
  removeStack(mark: RemovedStack): Promise<void>;
  /** Deletes this word of removal, if it still stands: nobody takes anything down for a key that is not there. */
  forgetStack(mark: RemovedStack): Promise<void>;
  putMap(map: SignedMap): Promise<void>;
  putIntent(intent: Intent): Promise<void>;
  /** Takes it back; nothing happens if it is not there. */
  removeIntent(intent: Intent): Promise<void>;
  /** Events since a time (milliseconds since the epoch), oldest first; the newest `limit` of them. */
  readEvents(since: number, limit: number): Promise<readonly Event[]>;
  close(): Promise<void>;
}

const ensureEvery = 60_000;

/** A connection of its own for administration, for those that have no bus. Returns at once. */
export function openAdmin(options: LinkOptions): BusAdmin {
  const link = openLink(options);
  const admin = administer(link, options.logger);
  return { ...admin, close: () => link.close() };
}

/** Makes the site's streams over a link that there is, and keeps them right. `close` leaves the link open. */
export function administer(link: Link, logger: BusLogger): BusAdmin {
  let peer: string | undefined;
  let ensured = false;
  let wake = new AbortController();

  async function keepStreams(connection: NatsConnection, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      wake = new AbortController();
      let delay = ensureEvery;
      try {
        const done = await ensureBuckets(connection, peer);
        ensured = true;
        if (done.some(({ did }) => did === "waiting")) delay = 1_000;
        const changed = done.filter(({ did }: Ensured) => did === "created" || did === "updated");
        if (changed.length > 0) logger.info({ streams: changed }, "bus streams made or changed");
      } catch (error) {
        ensured = false;
        delay = 1_000;
        if (!signal.aborted) logger.warn({ reason: text(error) }, "bus streams not right yet; trying on");
      }
      await pause(delay, signal, wake.signal);
    }
    ensured = false;
  }
  const detach = link.attach((connection, signal) => void keepStreams(connection, signal));

  async function within<T>(what: string, work: (connection: NatsConnection) => Promise<T>): Promise<T> {
    const connection = link.connection();
    if (connection === undefined) throw new BusAwayError(what);
    try {
      return await work(connection);
    } catch (cause) {
      throw new BusAwayError(what, { cause });
    }
  }

  async function put<B extends BucketName>(bucket: B, value: BucketValue<B>): Promise<void> {
    const key = keyOf(bucket, value);
    await within(`write ${bucket} ${key}`, async (connection) => {
      const kv = await new Kvm(jetstream(connection, { timeout: 5_000 })).open(bucket);
      await kv.put(key, JSON.stringify(value));
    });
  }

  return {
    link,
    ensured: () => ensured,
    wantPeer(wanted) {
      if (wanted === peer) return;
      peer = wanted;
      wake.abort();
    },
    putStack: (stack) => put("stacks", stack),
    putMap: (map) => put("map", map),
    putIntent: (intent) => put("intents", intent),
    removeIntent: (intent) => {
      const key = keyOf("intents", intent);
      return within(`delete intents ${key}`, async (connection) => {
        const kv = await new Kvm(jetstream(connection, { timeout: 5_000 })).open("intents");
        await kv.purge(key);
      });
    },
    removeStack: (mark) => put("stacks", mark),
    forgetStack: (mark) =>
      within(`forget ${keyOf("stacks", mark)}`, async (connection) => {
        const kv = await new Kvm(jetstream(connection, { timeout: 5_000 })).open("stacks");
        const key = keyOf("stacks", mark);
        const entry = await kv.get(key);
        const present = RemovedStack.safeParse(entry?.operation === "PUT" ? entry.json() : undefined);
        if (entry === null || present.data?.removedAt !== mark.removedAt) return;
        await kv.purge(key, { previousSeq: entry.revision });
      }),
    readEvents: (since, limit) => within("read events", (connection) => readEvents(connection, since, limit)),
    close: async () => detach(),
  };
}

/** Reads through a short-lived ordered consumer; keeps at most `limit` events in memory. */
async function readEvents(connection: NatsConnection, since: number, limit: number): Promise<readonly Event[]> {
  const client = jetstream(connection, { timeout: 5_000 });
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const { state } = await manager.streams.info(eventStream.name);
  if (state.messages === 0 || Date.parse(String(state.last_ts)) < since) return [];
  // The newest `limit` cannot begin earlier than this; times may say later.
  const first = Math.max(state.first_seq, state.last_seq - limit + 1);
  const consumer = await client.consumers.get(eventStream.name, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: first,
  });
  const events: Event[] = [];
  const messages = await consumer.fetch({ max_messages: limit, expires: 2_000 });
  for await (const message of messages) {
    const event = decode(message.data);
    if (event !== undefined && Date.parse(event.at) >= since) events.push(event);
    if (message.seq >= state.last_seq) break;
  }
  await consumer.delete().catch(() => {});
  return events;
}

function decode(data: Uint8Array): Event | undefined {
  try {
    const parsed = Event.safeParse(JSON.parse(new TextDecoder().decode(data)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
