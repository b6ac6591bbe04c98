/** Something that happened at a time, milliseconds since the epoch. */
export interface Timed {
  readonly at: number;
}

/** Several streams, each in order of time, as one. A stream that is out of order keeps its own order. Ends all when it ends. */
export async function* mergeByTime<T extends Timed>(
  streams: readonly AsyncGenerator<T, void, undefined>[],
): AsyncGenerator<T, void, undefined> {
  try {
    const heads = await Promise.all(streams.map(async (stream) => ({ stream, next: await stream.next() })));
    for (;;) {
      let first: (typeof heads)[number] | undefined;
      for (const head of heads) {
        if (head.next.done === true) continue;
        if (first === undefined || first.next.done === true || head.next.value.at < first.next.value.at) first = head;
      }
      if (first === undefined || first.next.done === true) return;
      yield first.next.value;
      first.next = await first.stream.next();
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return()));
  }
}
