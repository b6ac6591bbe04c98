import type { Bus, Replica } from "@zcloud/bus";
import type { BucketName, BucketValue, Event } from "@zcloud/events";

/** A bus whose buckets a test fills, and which remembers what it was told. */
export interface FakeBus extends Bus {
  readonly events: Event[];
  /** What was declared last, by bucket and prefix: `status zpod1`. */
  readonly declared: Map<string, ReadonlyMap<string, unknown>>;
  put<B extends BucketName>(bucket: B, key: string, value: BucketValue<B>): void;
  connect(connected: boolean): void;
}

export function fakeBus(): FakeBus {
  const buckets = new Map<string, Map<string, unknown>>();
  const listeners = new Map<string, Set<() => void>>();
  const connectionListeners = new Set<(connected: boolean) => void>();
  const events: Event[] = [];
  const declared = new Map<string, ReadonlyMap<string, unknown>>();
  let connected = false;
  const entriesOf = (name: string): Map<string, unknown> => {
    const entries = buckets.get(name) ?? new Map<string, unknown>();
    buckets.set(name, entries);
    return entries;
  };
  return {
    events,
    declared,
    connected: () => connected,
    server: () => (connected ? "server" : undefined),
    replica<B extends BucketName>(bucket: B, from: "site" | "peer"): Replica<B> {
      const name = `${from} ${bucket}`;
      const heard = listeners.get(name) ?? new Set();
      listeners.set(name, heard);
      return {
        entries: () => entriesOf(name) as ReadonlyMap<string, BucketValue<B>>,
        invalid: () => new Map(),
        fresh: () => connected,
        age: () => (connected ? 0 : undefined),
        onChange(listener) {
          heard.add(listener);
          return () => heard.delete(listener);
        },
      };
    },
    declare(bucket, prefix, entries) {
      declared.set(`${bucket} ${prefix}`, entries);
    },
    publish: (event) => void events.push(event),
    onConnection(listener) {
      connectionListeners.add(listener);
      return () => connectionListeners.delete(listener);
    },
    close: async () => {},
    put(bucket, key, value) {
      entriesOf(`site ${bucket}`).set(key, value);
      for (const listener of listeners.get(`site ${bucket}`) ?? []) listener();
    },
    connect(now) {
      connected = now;
      for (const listener of connectionListeners) listener(now);
    },
  };
}
