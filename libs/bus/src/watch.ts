import { AckPolicy, DeliverPolicy, jetstreamManager, ReplayPolicy } from "@nats-io/jetstream";
import { createInbox, type Msg, type NatsConnection, nanos } from "@nats-io/transport-node";
import { pause, text } from "./link.ts";
import { inboxOf } from "./options.ts";

/** One key as the stream has it. `value` is undefined when the key was deleted. */
export interface Seen {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly sequence: number;
}

export interface Watcher {
  /** The stream, e.g. `KV_endpoints` or `KV_peer_endpoints`. */
  readonly stream: string;
  /** The bucket whose keys are in it: `endpoints` for both. */
  readonly bucket: string;
  /** Key filter: `>`, `zpod1.>`, `zpod1`. */
  readonly filter: string;
  /** Everything that is there now; called first, and again whenever the watch had to start from scratch. */
  snapshot(entries: readonly Seen[]): void;
  change(entry: Seen): void;
  /** The server said that nothing is missing. */
  confirmed(): void;
  trouble(reason: string): void;
}

/** Each watch wakes both ends this often. A dead server is noticed sooner, by the connection's own pings. */
const heartbeat = 10_000;
/** Without a word for so long, something between is broken. */
const silence = 2.5 * heartbeat;
const retryDelay = 1_000;
/** What is forbidden stays so until somebody changes the server's configuration. */
const refusedDelay = 10_000;

/** Follows a key-value stream until the signal; starts from scratch after any gap, so deletes are never missed. */
export async function watch(
  connection: NatsConnection,
  name: string,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && !connection.isClosed()) {
    const once = new AbortController();
    const stop = () => once.abort();
    let delay = retryDelay;
    signal.addEventListener("abort", stop);
    try {
      await follow(connection, name, watcher, once);
    } catch (error) {
      const reason = text(error);
      if (/permissions violation/i.test(reason)) delay = refusedDelay;
      if (!signal.aborted) watcher.trouble(reason);
    } finally {
      signal.removeEventListener("abort", stop);
      once.abort();
    }
    await pause(delay * (0.5 + Math.random()), signal);
  }
}

/**
 * One ordered consumer: the last value of each key, then changes. Sequence numbers must have no gap and heartbeats
 * must arrive; otherwise it ends and the caller begins anew. (ADR-8 and ADR-15/17 of nats-architecture-and-design.)
 */
async function follow(
  connection: NatsConnection,
  name: string,
  watcher: Watcher,
  once: AbortController,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const deliver = createInbox(inboxOf(name));
  const prefix = `$KV.${watcher.bucket}.`;
  const collected: Seen[] = [];
  const early: Msg[] = [];
  let phase: "creating" | "snapshot" | "live" = "creating";
  let delivered = 0;
  let heardAt = performance.now();

  function finishSnapshot(): void {
    phase = "live";
    watcher.snapshot(collected.splice(0));
    watcher.confirmed();
  }

  /** Status messages: heartbeats (100) carry the last number sent, flow control (100) wants an answer. */
  function control(message: Msg, code: number): void {
    if (code !== 100) once.abort();
    if (message.reply !== undefined && message.reply !== "") message.respond();
    const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
    if (stalled !== "") connection.publish(stalled);
    const last = message.headers?.get("Nats-Last-Consumer") ?? "";
    if (last === "") return;
    if (Number(last) > delivered) once.abort();
    // A bucket may hold fewer keys than it promised (one changed or expired meanwhile): this says "that was all".
    else if (phase === "snapshot") finishSnapshot();
    else watcher.confirmed();
  }

  function take(message: Msg): void {
    heardAt = performance.now();
    const code = message.headers?.code ?? 0;
    if (code !== 0) {
      control(message, code);
      return;
    }
    const { sequence, order, pending } = positionOf(message.reply ?? "");
    if (order !== delivered + 1) {
      once.abort();
      return;
    }
    delivered = order;
    const operation = message.headers?.get("KV-Operation") ?? "";
    const gone = operation === "DEL" || operation === "PURGE";
    const seen = { key: message.subject.slice(prefix.length), value: gone ? undefined : message.data, sequence };
    if (phase === "live") {
      watcher.change(seen);
      watcher.confirmed();
    } else {
      collected.push(seen);
      if (pending === 0) finishSnapshot();
    }
  }

  const subscription = connection.subscribe(deliver, {
    callback(error, message) {
      if (error !== null && error !== undefined) once.abort();
      else if (phase === "creating") early.push(message);
      else take(message);
    },
  });
  try {
    const consumer = `${name.replace("/", "-")}-${deliver.slice(deliver.lastIndexOf(".") + 1)}`;
    const request = manager.consumers.add(watcher.stream, {
      name: consumer,
      deliver_subject: deliver,
      filter_subject: `${prefix}${watcher.filter}`,
      deliver_policy: DeliverPolicy.LastPerSubject,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      max_deliver: 1,
      mem_storage: true,
      num_replicas: 1,
      flow_control: true,
      idle_heartbeat: nanos(heartbeat),
      inactive_threshold: nanos(30_000),
    });
    // The name is another one each time; the same trouble must read the same.
    const info = await request.catch((error: unknown) => {
      throw new Error(text(error).replaceAll(consumer, "*"));
    });
    phase = "snapshot";
    if (info.num_pending + info.delivered.consumer_seq === 0) finishSnapshot();
    for (const message of early.splice(0)) take(message);
    while (!once.signal.aborted) {
      await pause(heartbeat, once.signal);
      if (performance.now() - heardAt > silence) throw new Error(`no heartbeat from ${watcher.stream}`);
    }
  } finally {
    subscription.unsubscribe();
  }
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>`; newer servers put
 * domain and account hash before the stream (ADR-15).
 */
export function positionOf(reply: string): { sequence: number; order: number; pending: number } {
  const tokens = reply.split(".");
  const [, sequence, order, , pending] = tokens.slice(tokens.length > 9 ? 6 : 4).map(Number);
  return { sequence: sequence ?? 0, order: order ?? 0, pending: pending ?? 0 };
}
