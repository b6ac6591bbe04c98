import type { BucketName, BucketValue, Event } from "@zcloud/events";

/** A local copy of a bucket, kept on disk, so that nothing waits for NATS. */
export interface Replica<B extends BucketName> {
  /** Current entries by key; last-known ones while the bus is away. Where a value can't be read, the last good one. */
  entries(): ReadonlyMap<string, BucketValue<B>>;
  /** Why the value of a key can't be read, by key: it does not fit its schema or its key. Not the same as no value. */
  invalid(): ReadonlyMap<string, string>;
  /** The bus itself said all this to this process, and was heard of in the last 15 s: no mere copy from disk. */
  fresh(): boolean;
  /** Milliseconds since the bus last confirmed this copy; undefined if it never did (this boot or earlier). */
  age(): number | undefined;
  /** Called after any change, coalesced; returns how to unsubscribe. */
  onChange(listener: () => void): () => void;
}

/**
 * The coordination bus as one host sees it. Every call works with NATS gone: reading serves the last known, and
 * what this host declares or publishes is delivered when the bus is back.
 */
export interface Bus {
  connected(): boolean;
  /** What the server calls itself: a new id at every start. Undefined while it is away. */
  server(): string | undefined;
  /** Follows a bucket of this site, or of the peer (its read-only mirror). The same replica for the same arguments. */
  replica<B extends BucketName>(bucket: B, from: "site" | "peer"): Replica<B>;
  /**
   * States all that this host wants under `prefix` in a bucket of its site: differences are put, other keys under
   * the prefix deleted. Level-triggered: repeated after every reconnect until the bucket agrees.
   */
  declare<B extends BucketName>(bucket: B, prefix: string, entries: ReadonlyMap<string, BucketValue<B>>): void;
  /** Appends to the event stream; kept in a bounded queue (1,000, oldest first out) while the bus is away. */
  publish(event: Event): void;
  onConnection(listener: (connected: boolean) => void): () => void;
  close(): Promise<void>;
}
