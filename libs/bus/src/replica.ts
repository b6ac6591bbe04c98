import { type BucketName, type BucketValue, buckets, keyOf } from "@zcloud/events";
import { steadyClock } from "@zcloud/reconcile";
import * as z from "zod";
import type { Replica } from "./bus.ts";
import { text } from "./link.ts";
import type { BusOptions } from "./options.ts";
import type { Seen } from "./watch.ts";

/** What stands in `replicas/<from>.<bucket>.json`. */
const Saved = z.strictObject({ v: z.literal(1), confirmedAt: z.number(), entries: z.record(z.string(), z.unknown()) });

const saveDelay = 500;
/** A bucket whose values expire changes all the time; losing a minute of it costs nothing. */
const saveDelayOfExpiring = 60_000;
const mostEntries = 20_000;
const crowded = `more than ${mostEntries} values; this one, and any beyond it, is left out`;
/** A heartbeat of a watch (watch.ts), and half of the next. */
const freshFor = 15_000;
const mostBytes = 64 * 1024 * 1024;
const utf8 = new TextDecoder();

export interface ReplicaStore<B extends BucketName> extends Replica<B> {
  /** Takes the last known entries from disk, unless the bus was faster. */
  load(): Promise<void>;
  snapshot(seen: readonly Seen[]): void;
  change(seen: Seen): void;
  /** `at`: when the source is known to have agreed, milliseconds since the epoch. Without it only what is too old goes. */
  confirm(at?: number): void;
  /** Values left out since the start because they did not fit their schema or their key. */
  rejected(): number;
  close(): Promise<void>;
}

/** A copy of a bucket in memory and on disk. Takes nothing from the wire or the disk unchecked. */
export function createReplica<B extends BucketName>(
  bucket: B,
  from: "site" | "peer",
  options: BusOptions,
): ReplicaStore<B> {
  const path = `${options.stateDir}/replicas/${from}.${bucket}.json`;
  const now = () => (options.clock ?? steadyClock).now();
  const { schema, ttl } = buckets[bucket];
  const listeners = new Set<() => void>();
  const heard = new Map<string, number>();
  let entries = new Map<string, BucketValue<B>>();
  let invalid = new Map<string, string>();
  let heardAt: number | undefined;
  let confirmedAt: number | undefined;
  let rejected = 0;
  let live = false;
  let notifying = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving = Promise.resolve();

  function check(key: string, value: unknown): BucketValue<B> | undefined {
    const parsed = schema.safeParse(value);
    if (!parsed.success) return leaveOut(key, prettyReason(parsed.error));
    if (keyOf(bucket, parsed.data as BucketValue<B>) !== key) return leaveOut(key, "it belongs under another key");
    invalid.delete(key);
    return parsed.data as BucketValue<B>;
  }

  function leaveOut(key: string, reason: string): undefined {
    rejected += 1;
    if (invalid.size < mostEntries) invalid.set(key, reason.slice(0, 500));
    options.logger.warn({ bucket, from, key, reason: reason.slice(0, 500) }, "bus value left out");
    return undefined;
  }

  function decode(seen: Seen): BucketValue<B> | undefined {
    let value: unknown;
    try {
      value = JSON.parse(utf8.decode(seen.value));
    } catch (error) {
      return leaveOut(seen.key, text(error));
    }
    return check(seen.key, value);
  }

  function changed(): void {
    scheduleSave();
    if (notifying) return;
    notifying = true;
    queueMicrotask(() => {
      notifying = false;
      for (const listener of [...listeners]) listener();
    });
  }

  function scheduleSave(): void {
    if (timer !== undefined) return;
    timer = setTimeout(() => save(), ttl > 0 ? saveDelayOfExpiring : saveDelay);
    timer.unref();
  }

  function save(): void {
    clearTimeout(timer);
    timer = undefined;
    const content = JSON.stringify({ v: 1, confirmedAt: confirmedAt ?? 0, entries: Object.fromEntries(entries) });
    saving = saving
      .then(() =>
        content.length > mostBytes
          ? Promise.reject(new Error(`${content.length} bytes are too many`))
          : options.host.write(path, content, { mode: 0o600 }),
      )
      .catch((error: unknown) =>
        options.logger.warn({ path, reason: text(error) }, "bus copy not written; it stays in memory"),
      );
  }

  function expire(at: number): void {
    if (ttl === 0) return;
    for (const [key, since] of heard) {
      if (at - since <= ttl) continue;
      heard.delete(key);
      if (entries.delete(key)) changed();
    }
  }

  return {
    entries: () => entries,
    age: () => (confirmedAt === undefined ? undefined : Math.max(0, now() - confirmedAt)),
    invalid: () => invalid,
    fresh: () => heardAt !== undefined && now() - heardAt <= freshFor,
    rejected: () => rejected,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async load() {
      try {
        const content = await options.host.read(path);
        if (content === undefined || live) return;
        const saved = Saved.parse(JSON.parse(content));
        for (const [key, value] of Object.entries(saved.entries)) {
          const good = check(key, value);
          if (good !== undefined) entries.set(key, good);
        }
        // Written by a clock that was ahead: it is no younger than this.
        if (saved.confirmedAt > 0) confirmedAt = Math.min(saved.confirmedAt, now());
      } catch (error) {
        options.logger.warn({ path, reason: text(error) }, "bus copy not readable; beginning without it");
      }
    },
    snapshot(seen) {
      const first = !live;
      const before = [...invalid];
      live = true;
      if (from === "site") heardAt = now();
      invalid = new Map();
      const next = new Map<string, BucketValue<B>>();
      heard.clear();
      if (seen.length > mostEntries) leaveOut(seen[mostEntries]?.key ?? "", crowded);
      for (const one of seen.slice(0, mostEntries)) {
        const value = one.value === undefined ? undefined : (decode(one) ?? entries.get(one.key));
        if (value === undefined) continue;
        next.set(one.key, value);
        heard.set(one.key, now());
      }
      const same = next.size === entries.size && [...next].every(([key, value]) => equal(entries.get(key), value));
      entries = next;
      if (!same || first || !equal(before, [...invalid])) changed();
    },
    change(seen) {
      if (seen.value === undefined) {
        heard.delete(seen.key);
        const known = entries.delete(seen.key);
        if (invalid.delete(seen.key) || known) changed();
        return;
      }
      // A value that can't be believed does not take the place of one that could: the last good stays.
      const before = invalid.get(seen.key);
      const value = decode(seen);
      if (value === undefined && invalid.get(seen.key) !== before) changed();
      if (value === undefined) return;
      if (!entries.has(seen.key) && entries.size >= mostEntries) {
        leaveOut(seen.key, crowded);
        changed();
        return;
      }
      entries.set(seen.key, value);
      heard.set(seen.key, now());
      changed();
    },
    confirm(at) {
      if (live && at !== undefined) heardAt = Math.max(heardAt ?? 0, at);
      if (at !== undefined) confirmedAt = Math.max(confirmedAt ?? 0, at);
      expire(now());
    },
    async close() {
      if (timer !== undefined) save();
      await saving;
    },
  };
}

/** `files: expected record, received string; and 3 more`: one short line, for people. */
function prettyReason({ issues }: z.ZodError): string {
  const said = issues.slice(0, 2).map(({ path, message }) => {
    return [path.join("."), message.replace("Invalid input: ", "")].filter((part) => part !== "").join(": ");
  });
  return [...said, ...(issues.length > 2 ? [`and ${issues.length - 2} more`] : [])].join("; ");
}

function equal(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
