import { keyOf, Uptime } from "@zcloud/events";
import type { Host } from "@zcloud/host";
import type { Clock } from "@zcloud/reconcile";
import * as z from "zod";
import type { Monitor } from "./monitor.ts";

const Saved = z.strictObject({ v: z.literal(1), histories: z.array(z.unknown()) });

/** The bucket `uptime`, as far as it is this host's. */
export interface UptimeBucket {
  entries(): ReadonlyMap<string, Uptime>;
  /** The bus itself said this to this process. */
  fresh(): boolean;
  onChange(listener: () => void): () => void;
  /** States all that stands there from now on. */
  declare(entries: ReadonlyMap<string, Uptime>): void;
}

export interface StoreOptions {
  readonly host: Pick<Host, "read" | "write">;
  readonly path: string;
  readonly clock: Clock;
  readonly monitor: Pick<Monitor, "remember" | "histories">;
  readonly bucket: UptimeBucket;
  readonly failed: (reason: string) => void;
}

export interface Store {
  /** Takes what is on disk. Call it before the first probe. */
  load(): Promise<void>;
  /** Something worth keeping happened: written soon. */
  changed(): void;
  /** Writes a last time. */
  stop(): Promise<void>;
}

/** Milliseconds between writes while nothing happens, and after something did. */
const period = 300_000;
const soon = 1_000;

/**
 * Keeps the histories on disk and, once it is known what stood there, in the site's bucket. A front that lost its disk
 * gets them back from the bucket; a bus that is away is not waited for.
 */
export function createStore({ host, path, clock, monitor, bucket, failed }: StoreOptions): Store {
  let loaded = false;
  let joined = false;
  let stopped = false;
  let writing: Promise<void> = Promise.resolve();
  let cancel: () => void = () => {};
  let cancelSoon: (() => void) | undefined;

  function join(): void {
    if (joined || !loaded || !bucket.fresh()) return;
    joined = true;
    monitor.remember(bucket.entries().values());
    changed();
  }
  const leave = bucket.onChange(join);

  function write(): void {
    cancel();
    cancelSoon?.();
    cancelSoon = undefined;
    const histories = monitor.histories();
    const text = `${JSON.stringify({ v: 1, histories: [...histories.values()] })}\n`;
    writing = writing
      .then(() => host.write(path, text, { mode: 0o600 }))
      .catch((error: unknown) => failed(error instanceof Error ? error.message : String(error)));
    if (joined) bucket.declare(histories);
    // A thousand endpoints are two thousand values: they may take longer to be written.
    if (!stopped) cancel = clock.after(Math.max(period, histories.size * 100), tick);
  }

  function tick(): void {
    join();
    write();
  }

  function changed(): void {
    if (!stopped && loaded) cancelSoon ??= clock.after(soon, tick);
  }

  return {
    async load() {
      monitor.remember(parse(await host.read(path), failed));
      loaded = true;
      join();
      cancel = clock.after(period, tick);
    },
    changed,
    async stop() {
      stopped = true;
      leave();
      if (loaded) write();
      await writing;
    },
  };
}

/** What can be believed of the file; one bad history is no reason to forget the others. */
function parse(text: string | undefined, failed: (reason: string) => void): readonly Uptime[] {
  if (text === undefined) return [];
  const saved = Saved.safeParse(json(text));
  if (!saved.success) failed("the file of histories can't be read; beginning without it");
  const histories = (saved.data?.histories ?? []).flatMap((one) => {
    const parsed = Uptime.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
  return [...new Map(histories.map((one) => [keyOf("uptime", one), one])).values()];
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
