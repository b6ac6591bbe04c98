import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import { type BucketName, bucketNames, buckets, eventStream } from "@zcloud/events";

type StreamWanted = Partial<StreamConfig> & { readonly name: string };

/** The streams of a site: its own buckets, its events, and a read-only copy of each mirrored bucket of the peer. */
export function streamsOf(peer: string | undefined): readonly StreamWanted[] {
  const mirrored = bucketNames.filter((name) => buckets[name].mirrored);
  return [
    ...bucketNames.map(bucketStream),
    {
      name: eventStream.name,
      subjects: [...eventStream.subjects],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: nanos(eventStream.maxAge),
      max_bytes: eventStream.maxBytes,
      max_msg_size: 16 * 1024,
      duplicate_window: nanos(120_000),
      num_replicas: 1,
    },
    ...(peer === undefined ? [] : mirrored.map((name) => mirrorStream(name, peer))),
  ];
}

/** As the KV clients expect a bucket (ADR-8): stream KV_<bucket>, subjects $KV.<bucket>.>, one stream message a revision. */
function bucketStream(name: BucketName): StreamWanted {
  const { history, ttl, maxBytes, maxValue } = buckets[name];
  return {
    ...limitsOf(name),
    name: `KV_${name}`,
    subjects: [`$KV.${name}.>`],
    max_msgs_per_subject: history,
    max_age: nanos(ttl),
    max_bytes: maxBytes,
    max_msg_size: maxValue,
    discard: DiscardPolicy.New,
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: true,
  };
}

/** The peer's JetStream answers at `$JS.<domain>.API` through the leafnode link. */
function mirrorStream(name: BucketName, peer: string): StreamWanted {
  const { history, ttl, maxBytes } = buckets[name];
  return {
    ...limitsOf(name),
    name: `KV_peer_${name}`,
    max_msgs_per_subject: history,
    max_age: nanos(ttl),
    max_bytes: maxBytes * 2,
    discard: DiscardPolicy.Old,
    mirror: { name: `KV_${name}`, external: { api: `$JS.${peer}.API`, deliver: "" } },
  };
}

function limitsOf(name: BucketName): Partial<StreamConfig> {
  return {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    compression: name === "stacks" || name === "map" ? StoreCompression.S2 : StoreCompression.None,
    num_replicas: 1,
  };
}

/** What was done to one stream. */
export interface Ensured {
  readonly stream: string;
  /** `waiting`: a mirror of a stream that the peer does not have yet, or that can't be asked for now. */
  readonly did: "created" | "updated" | "kept" | "waiting";
}

/** Creates what is missing and updates what differs; repeating it changes nothing. Needs znet's permissions. */
export async function ensureBuckets(connection: NatsConnection, peer: string | undefined): Promise<readonly Ensured[]> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 10_000 });
  const done: Ensured[] = [];
  for (const wanted of streamsOf(peer)) done.push(await ensure(connection, manager, wanted));
  return done;
}

async function ensure(connection: NatsConnection, manager: JetStreamManager, wanted: StreamWanted): Promise<Ensured> {
  const present = await manager.streams.info(wanted.name).catch((error: unknown) => {
    if (error instanceof Error && error.message === "stream not found") return undefined;
    throw error;
  });
  if (present === undefined) {
    if (!(await hasOrigin(connection, wanted))) return { stream: wanted.name, did: "waiting" };
    await manager.streams.add(wanted);
    return { stream: wanted.name, did: "created" };
  }
  const config = present.config as unknown as Record<string, unknown>;
  const differs = Object.entries(wanted).some(([key, value]) => key !== "mirror" && differ(config[key], value));
  const otherSource = wanted.mirror?.external?.api !== present.config.mirror?.external?.api;
  if (otherSource) {
    // A mirror's source cannot be changed; it holds nothing of our own.
    await manager.streams.delete(wanted.name);
    await manager.streams.add(wanted);
    return { stream: wanted.name, did: "updated" };
  }
  if (!differs) return { stream: wanted.name, did: "kept" };
  await manager.streams.update(wanted.name, wanted);
  return { stream: wanted.name, did: "updated" };
}

/**
 * Whether a mirror finds what it mirrors. The server tries again after 10, 20, 30 s (nats-server 2.10, calculateRetryBackoff)
 * when the origin is not there, so a mirror that was made a second too early would stay empty for a minute.
 */
async function hasOrigin(connection: NatsConnection, { mirror }: StreamWanted): Promise<boolean> {
  if (mirror?.external === undefined) return true;
  const subject = `${mirror.external.api}.STREAM.INFO.${mirror.name}`;
  try {
    const answer = await connection.request(subject, "", { timeout: 1_000 });
    return answer.json<{ readonly error?: unknown }>().error === undefined;
  } catch {
    return false;
  }
}

function differ(present: unknown, wanted: unknown): boolean {
  if ((present ?? 0) === 0 && (wanted ?? 0) === 0) return false;
  return JSON.stringify(present) !== JSON.stringify(wanted);
}
