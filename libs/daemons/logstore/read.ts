import { type Host, streamLines } from "@zcloud/host";
import { type Clock, pause } from "@zcloud/reconcile";
import { listLog } from "./keep.ts";
import { mergeByTime, type Timed } from "./merge.ts";
import { type LogLine, type LogQuery, matcher, readCommand, type Source, sourcesOf } from "./query.ts";

export interface ReadOptions {
  readonly host: Host;
  readonly clock: Clock;
  readonly store: string;
  readonly signal: AbortSignal;
}

export type TimedLine = LogLine & Timed;

/** Lines that a restarted sender repeats come within so many (libs/daemons/rsyslog sets back by 256). */
const remembered = 1_024;
/** Lines that go on together. */
const portion = 500;
/** Milliseconds between looks for new files while following. */
const lookEvery = 2_000;

/** The answer to a query, in portions: in order of time over the hosts; with `follow`, then what comes, as it comes. */
export async function* readLog(
  query: LogQuery,
  options: ReadOptions,
): AsyncGenerator<readonly TimedLine[], void, undefined> {
  const files = await listLog(options.host, options.store);
  const ends = new Map<string, number>();
  if (query.follow === "true")
    for (const { path, compressed } of files)
      if (!compressed) ends.set(path, (await options.host.stat(path))?.size ?? 0);
  const streams = sourcesOf(files, query).map((source) => past(source, query, ends, options.signal));
  yield* newest(inPortions(mergeByTime(streams)), query);
  if (query.follow === "true" && query.until === undefined) yield* coming(query, ends, options);
}

async function* inPortions(
  lines: AsyncGenerator<TimedLine, void, undefined>,
): AsyncGenerator<readonly TimedLine[], void, undefined> {
  let some: TimedLine[] = [];
  for await (const line of lines) {
    some.push(line);
    if (some.length < portion) continue;
    yield some;
    some = [];
  }
  yield some;
}

/** The last so many. */
async function* newest(
  portions: AsyncGenerator<readonly TimedLine[], void, undefined>,
  { limit }: LogQuery,
): AsyncGenerator<readonly TimedLine[], void, undefined> {
  if (limit === undefined) return yield* portions;
  let kept: readonly TimedLine[] = [];
  for await (const some of portions) kept = [...kept, ...some].slice(-limit);
  yield kept;
}

async function* past(
  source: Source,
  query: LogQuery,
  ends: ReadonlyMap<string, number>,
  signal: AbortSignal,
): AsyncGenerator<TimedLine, void, undefined> {
  const answers = reader(source, query);
  const command = readCommand(source.files, query, ends);
  // grep says 1 where it finds nothing; cat and gzip where a file has gone.
  for await (const texts of streamLines(command, { signal, fine: [1, 2] }))
    for (const text of texts) {
      const line = answers(text);
      if (line !== undefined) yield line;
    }
}

/** Makes lines of texts, and leaves out repeated ones and those that were not asked for. */
function reader(source: Pick<Source, "host" | "kind">, query: LogQuery): (text: string) => TimedLine | undefined {
  const matches = matcher(query);
  const since = query.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(query.since);
  const until = query.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(query.until);
  const seen = new Set<string>();
  let last = 0;
  return (text) => {
    if (text === "" || (source.kind === "journal" && seen.has(text))) return undefined;
    seen.add(text);
    if (seen.size > remembered) for (const oldest of seen) if (seen.delete(oldest)) break;
    const line = parse(text);
    const at = Date.parse(String(line["at"]));
    last = Number.isNaN(at) ? last : at;
    if (last < since || last > until) return undefined;
    const { host, kind } = source;
    const timed = { at: last, host, kind, line };
    return matches(timed) ? timed : undefined;
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // It is shown as it is.
  }
  return { msg: text };
}

/** What is written from now on, also to files that are not there yet. */
async function* coming(
  query: LogQuery,
  ends: ReadonlyMap<string, number>,
  { host, clock, store, signal }: ReadOptions,
): AsyncGenerator<readonly TimedLine[], void, undefined> {
  const waiting: TimedLine[] = [];
  const stop = new AbortController();
  const over = AbortSignal.any([signal, stop.signal]);
  const followed = new Set<string>();
  let failure: unknown;
  let wake: () => void = () => {};

  async function follow(source: Source, path: string): Promise<void> {
    const answers = reader(source, query);
    const command = ["tail", "-q", "-c", `+${(ends.get(path) ?? 0) + 1}`, "-F", path];
    for await (const texts of streamLines(command, { signal: over })) {
      waiting.push(...texts.flatMap((text) => answers(text) ?? []));
      wake();
    }
  }

  async function lookForFiles(): Promise<void> {
    while (!over.aborted) {
      for (const source of sourcesOf(await listLog(host, store), query)) {
        const file = source.files.at(-1);
        if (file === undefined || file.compressed || followed.has(file.path)) continue;
        followed.add(file.path);
        follow(source, file.path).catch(fail);
      }
      await pause(clock, lookEvery, over);
    }
  }

  function fail(error: unknown): void {
    failure ??= error;
    wake();
  }

  over.addEventListener("abort", () => wake(), { once: true });
  lookForFiles().catch((error: unknown) => {
    if (!over.aborted) fail(error);
  });
  try {
    while (!signal.aborted) {
      if (waiting.length > 0) yield waiting.splice(0);
      if (failure !== undefined) throw failure;
      if (waiting.length > 0 || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop.abort();
  }
}
