import { jetstreamManager } from "@nats-io/jetstream";
import { millis, type NatsConnection } from "@nats-io/transport-node";
import { type BucketName, type BucketValue, bucketNames } from "@zcloud/events";
import { steadyClock } from "@zcloud/reconcile";
import type { Bus, Replica } from "./bus.ts";
import { createDeclaration, type Declaration } from "./declaration.ts";
import { type Link, openLink, pause } from "./link.ts";
import type { BusOptions } from "./options.ts";
import { createOutbox } from "./outbox.ts";
import { type Answer, answerHosts, askHost, type KeyOf } from "./questions.ts";
import { createReplica, type ReplicaStore } from "./replica.ts";
import { watch } from "./watch.ts";

type From = "site" | "peer";
type AnyStore = ReplicaStore<BucketName>;

/** What the bus counts about itself, for metrics. */
export interface BusCounts {
  readonly rejected: number;
  readonly waitingEvents: number;
  readonly droppedEvents: number;
}

export interface ConnectedBus extends Bus {
  counts(): BusCounts;
  /** Whether all that was declared was last seen in its bucket. */
  agreed(): boolean;
  /** For znet's own administration of the server. */
  readonly link: Link;
  /** Puts a question to another host of this site, once (questions.ts). @param timeout milliseconds @throws Error if nobody answers in time */
  ask(to: string, question: unknown, keyOf: KeyOf, timeout: number): Promise<Answer>;
  /** Answers what other hosts of this site ask this one; returns how to stop. */
  answer(keyOf: KeyOf, handle: (from: string, question: unknown) => Promise<Answer>): () => void;
}

/** Whether this is a bus as `connectBus` makes it, not a stand-in of a test. */
export function isConnected(bus: Bus): bus is ConnectedBus {
  return "link" in bus;
}

/**
 * Loads the last known copies from disk and starts connecting for ever. Returns at once, with NATS there or not;
 * from then on see `Bus`. Throws only when the seed is not an nkey seed.
 */
export async function connectBus(options: BusOptions): Promise<ConnectedBus> {
  const link = openLink(options);
  const outbox = createOutbox(options.logger);
  const stores = new Map<string, AnyStore>();
  const followed = new Set<string>();
  const declarations = new Map<string, Declaration>();

  function store(bucket: BucketName, from: From): AnyStore {
    const key = `${from}.${bucket}`;
    const known = stores.get(key) ?? (createReplica(bucket, from, options) as AnyStore);
    stores.set(key, known);
    return known;
  }

  for (const file of await options.host.list(`${options.stateDir}/replicas`)) {
    const [from, bucket] = file.replace(/\.json$/, "").split(".") as [From, BucketName];
    if ((from === "site" || from === "peer") && bucketNames.includes(bucket)) await store(bucket, from).load();
  }
  link.attach((connection, signal) => void outbox.deliver(connection, signal));

  function follow(bucket: BucketName, from: From, kept: AnyStore): void {
    const stream = from === "site" ? `KV_${bucket}` : `KV_peer_${bucket}`;
    let said = "";
    link.attach((connection, signal) => {
      void watch(
        connection,
        options.name,
        {
          stream,
          bucket,
          filter: ">",
          snapshot: (entries) => kept.snapshot(entries),
          change: (entry) => kept.change(entry),
          confirmed: () => kept.confirm(from === "site" ? now() : undefined),
          trouble(reason) {
            if (reason !== said) options.logger.warn({ stream, reason }, "bucket not readable; trying on");
            said = reason;
          },
        },
        signal,
      );
      if (from === "peer") void confirmMirror(connection, stream, (at) => kept.confirm(at), now, signal);
    });
  }

  const { name: self, seed } = options;

  function now(): number {
    return (options.clock ?? steadyClock).now();
  }

  return {
    link,
    connected: () => link.connection() !== undefined,
    server: () => link.connection()?.info?.server_id,
    replica<B extends BucketName>(bucket: B, from: From) {
      const kept = store(bucket, from);
      const key = `${from}.${bucket}`;
      if (!followed.has(key)) {
        followed.add(key);
        follow(bucket, from, kept);
      }
      return kept as unknown as Replica<B>;
    },
    declare<B extends BucketName>(bucket: B, prefix: string, entries: ReadonlyMap<string, BucketValue<B>>) {
      const key = `${bucket} ${prefix}`;
      let declaration = declarations.get(key);
      if (declaration === undefined) {
        const fresh = createDeclaration(bucket, prefix, { ...options, clock: { now } });
        declarations.set(key, fresh);
        declaration = fresh;
        link.attach((connection, signal) => void fresh.keep(connection, signal));
      }
      declaration.want(new Map([...entries].map(([name, value]) => [name, JSON.stringify(value)])));
    },
    publish: (event) => outbox.push(event),
    ask: (to, question, keyOf, timeout) => askHost(link, { self, seed, keyOf }, to, question, timeout),
    answer: (keyOf, handle) => answerHosts(link, { self, seed, keyOf }, options.logger, handle),
    onConnection: (listener) => link.onConnection(listener),
    counts: () => ({
      rejected: [...stores.values()].reduce((sum, one) => sum + one.rejected(), 0),
      waitingEvents: outbox.waiting(),
      droppedEvents: outbox.dropped(),
    }),
    agreed: () => [...declarations.values()].every((one) => one.agreed()),
    async close() {
      await link.close();
      await Promise.all([...stores.values()].map((one) => one.close()));
    },
  };
}

const mirrorPause = 5_000;

/** A mirror is as fresh as its last word from the peer's server, which the local server knows. */
async function confirmMirror(
  connection: NatsConnection,
  stream: string,
  confirm: (at: number) => void,
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  while (!signal.aborted) {
    try {
      const { mirror } = await manager.streams.info(stream);
      if (mirror !== undefined && mirror.active >= 0 && mirror.lag === 0) confirm(now() - millis(mirror.active));
    } catch {
      // Not there yet, or not now: the copy simply gets older.
    }
    await pause(mirrorPause, signal);
  }
}
