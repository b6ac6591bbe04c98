import { getHeapStatistics } from "node:v8";
import type { Clock } from "@zcloud/reconcile";

/** V8's heap of this process. */
export interface Heap {
  /** Bytes, garbage included. */
  used(): number;
  /** A whole collection at once; undefined unless node runs with `--expose-gc`, as the unit has it. */
  readonly collect: (() => void) | undefined;
}

const processHeap: Heap = {
  used: () => getHeapStatistics().used_heap_size,
  collect: (globalThis as { gc?: () => void }).gc,
};

/** How often the heap is looked at, milliseconds. */
export const heapPeriod = 60_000;
/** So much garbage, in bytes, is worth the 50 ms of CPU that a collection of such a heap takes. */
export const worthCollecting = 3 * 1024 * 1024;

/**
 * Collects garbage when there is some. V8 by itself lets old space grow by 8 MB first, and a service that idles never
 * gets there: what a deployment left behind would stay resident for hours. Returns how to stop.
 */
export function keepHeapSmall(clock: Clock, heap: Heap = processHeap): () => void {
  const { collect } = heap;
  if (collect === undefined) return () => {};
  let least = 0;
  const look = (): void => {
    if (heap.used() - least > worthCollecting) {
      collect();
      least = heap.used();
    }
    cancel = clock.after(heapPeriod, look);
  };
  let cancel = clock.after(heapPeriod, look);
  return () => cancel();
}
