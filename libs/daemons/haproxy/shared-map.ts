/** Builds what a look finds; `end` gives the map of the look before, itself, if nothing in it is different. */
export interface MapBuilder<V> {
  set(key: string, value: V): void;
  end(): ReadonlyMap<string, V>;
}

/**
 * HAProxy says the same things in the same order at nearly every look. So entries are compared with those of the look
 * before, one by one, and nothing is made until one differs: no garbage, and what did not change can be told by identity.
 */
export function sharing<V>(previous: ReadonlyMap<string, V>): MapBuilder<V> {
  const before = previous.entries();
  let same = 0;
  let made: Map<string, V> | undefined;

  function firstOf(count: number): Map<string, V> {
    const first = new Map<string, V>();
    for (const [key, value] of previous) {
      if (first.size === count) break;
      first.set(key, value);
    }
    return first;
  }

  return {
    set(key, value) {
      if (made === undefined) {
        const { value: entry } = before.next();
        if (entry !== undefined && entry[0] === key && entry[1] === value) {
          same += 1;
          return;
        }
        made = firstOf(same);
      }
      made.set(key, value);
    },
    end: () => made ?? (same === previous.size ? previous : firstOf(same)),
  };
}
