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

const heartbeat = 5_000;
const retryDelay = 1_000;

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
    signal.addEventListener("abort", stop);
    try {
      await follow(connection, name, watcher, once);
    } catch (error) {
      if (!signal.aborted) watcher.trouble(text(error));
    } finally {
      signal.removeEventListener("abort", stop);
      once.abort();
    }
    await pause(retryDelay * (0.5 + Math.random()), signal);
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
  let heardAt = Date.now();

  function finishSnapshot(): void {
    phase = "live";
    watcher.snapshot(collected.splice(0));
    watcher.confirmed();
  }

  function take(message: Msg): void {
    heardAt = Date.now();
    const status = message.headers?.code ?? 0;
    if (status === 100) {
      if (message.reply !== undefined && message.reply !== "") message.respond();
      const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
      if (stalled !== "") connection.publish(stalled);
      const last = Number(message.headers?.get("Nats-Last-Consumer") ?? "0");
      if (last > delivered) return once.abort();
      // A bucket may hold fewer keys than it promised (one changed or expired meanwhile): a heartbeat means "that was all".
      if (phase === "snapshot") return finishSnapshot();
      return watcher.confirmed();
    }
    if (status !== 0) return once.abort();
    // $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>, counted from the end
    // because a domain and an account hash may stand in front.
    const tokens = (message.reply ?? "").split(".");
    const at = tokens.length > 9 ? 7 : 5;
    const [sequence, order, , pending] = tokens.slice(at).map(Number);
    if (order !== delivered + 1) return once.abort();
    delivered = order;
    if (!message.subject.startsWith(prefix)) return;
    const operation = message.headers?.get("KV-Operation") ?? "";
    const gone = operation === "DEL" || operation === "PURGE";
    const seen = {
      key: message.subject.slice(prefix.length),
      value: gone ? undefined : message.data,
      sequence: sequence ?? 0,
    };
    if (phase === "live") {
      watcher.change(seen);
      return watcher.confirmed();
    }
    collected.push(seen);
    if (pending === 0) finishSnapshot();
  }

  const subscription = connection.subscribe(deliver, {
    callback(error, message) {
      if (error !== null && error !== undefined) return once.abort();
      if (phase === "creating") early.push(message);
      else take(message);
    },
  });
  try {
    const info = await manager.consumers.add(watcher.stream, {
      name: `${name.replace("/", "-")}-${deliver.slice(deliver.lastIndexOf(".") + 1)}`,
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
    phase = "snapshot";
    if (info.num_pending + info.delivered.consumer_seq === 0) finishSnapshot();
    for (const message of early.splice(0)) take(message);
    while (!once.signal.aborted) {
      await pause(heartbeat, once.signal);
      if (Date.now() - heardAt > 3 * heartbeat) throw new Error(`no heartbeat from ${watcher.stream}`);
    }
  } finally {
    subscription.unsubscribe();
  }
}
