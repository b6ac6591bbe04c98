import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { type BucketName, buckets } from "@zcloud/events";
import { pause, text } from "./link.ts";
import type { LinkOptions } from "./options.ts";
import { watch } from "./watch.ts";

export type Difference =
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly key: string };

/** What has to be written so that the bucket says what is wanted under the prefix. Values are JSON texts. */
export function difference(wanted: ReadonlyMap<string, string>, present: ReadonlyMap<string, string>): Difference[] {
  const puts = [...wanted]
    .filter(([key, value]) => present.get(key) !== value)
    .map(([key, value]) => ({ kind: "put" as const, key, value }));
  const deletes = [...present.keys()]
    .filter((key) => !wanted.has(key))
    .map((key) => ({ kind: "delete" as const, key }));
  return [...puts, ...deletes];
}

/** The keys a host may own under a prefix, as a filter: the key itself where it is complete, all below it otherwise. */
export function ownFilter(bucket: BucketName, prefix: string): string {
  const bare = prefix.replace(/\.$/, "");
  return bare.split(".").length >= buckets[bucket].tokens ? bare : `${bare}.>`;
}

export interface DeclarationOptions extends Pick<LinkOptions, "name" | "logger"> {
  /** One that nobody sets: a clock that was set back must not keep a value from being repeated. */
  readonly clock: { now(): number };
}

export interface Declaration {
  want(entries: ReadonlyMap<string, string>): void;
  /** Whether the bucket was last seen to agree. */
  agreed(): boolean;
  keep(connection: NatsConnection, signal: AbortSignal): Promise<void>;
}

const shortestPause = 100;

/** Keeps one host's keys in one bucket as it wants them: looks, writes the differences, looks again. */
export function createDeclaration(
  bucket: BucketName,
  prefix: string,
  { name, logger, clock }: DeclarationOptions,
): Declaration {
  const { ttl } = buckets[bucket];
  let wanted: ReadonlyMap<string, string> = new Map();
  let agreed = false;
  let wake = new AbortController();
  let asked = new AbortController();

  async function write(connection: NatsConnection, present: Map<string, string>, refresh: boolean): Promise<void> {
    const kv = await new Kvm(jetstream(connection, { timeout: 5_000 })).open(bucket);
    const puts = refresh ? difference(wanted, new Map()) : [];
    const others = difference(wanted, present).filter((one) => !refresh || one.kind === "delete");
    for (const one of [...puts, ...others]) {
      if (one.kind === "put") {
        await kv.put(one.key, one.value);
        present.set(one.key, one.value);
      } else {
        await kv.delete(one.key);
        present.delete(one.key);
      }
    }
  }

  return {
    agreed: () => agreed,
    want(entries) {
      wanted = entries;
      agreed = false;
      asked.abort();
      wake.abort();
    },
    async keep(connection, signal) {
      const present = new Map<string, string>();
      const utf8 = new TextDecoder();
      let looked = false;
      const see = (key: string, value: Uint8Array | undefined) =>
        value === undefined ? present.delete(key) : present.set(key, utf8.decode(value));
      const watching = watch(
        connection,
        name,
        {
          stream: `KV_${bucket}`,
          bucket,
          filter: ownFilter(bucket, prefix),
          snapshot(entries) {
            present.clear();
            for (const { key, value } of entries) see(key, value);
            looked = true;
            wake.abort();
          },
          change({ key, value }) {
            see(key, value);
            wake.abort();
          },
          confirmed() {},
          trouble: (reason) => logger.debug({ bucket, prefix, reason }, "own keys not readable yet; trying on"),
        },
        signal,
      );
      let refreshAt = Number.NEGATIVE_INFINITY;
      while (!signal.aborted) {
        // Somebody else may be writing here too, against the rules: the two must not race each other.
        await pause(shortestPause, signal, asked.signal);
        wake = new AbortController();
        asked = new AbortController();
        let delay = 30_000;
        try {
          if (looked) {
            const refresh = ttl > 0 && clock.now() >= refreshAt;
            await write(connection, present, refresh);
            if (refresh) refreshAt = clock.now() + ttl / 3;
            agreed = true;
          }
          if (ttl > 0) delay = Math.max(100, refreshAt - clock.now());
        } catch (error) {
          agreed = false;
          delay = 1_000 * (0.5 + Math.random());
          logger.debug({ bucket, prefix, reason: text(error) }, "own keys not written yet; trying on");
        }
        await pause(delay, signal, wake.signal);
      }
      agreed = false;
      await watching;
    },
  };
}
