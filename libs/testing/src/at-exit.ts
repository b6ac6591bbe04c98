const cleanups = new Set<() => void>();

/**
 * Has something cleaned up when this process exits, the latest first; only what is synchronous runs then. Returns how to
 * take that back. One listener serves all: Node warns of a leak at the eleventh (events, defaultMaxListeners).
 */
export function atExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) process.on("exit", runCleanups);
  // Wrapped, so that the same function twice is two cleanups.
  const one = (): void => cleanup();
  cleanups.add(one);
  return () => {
    cleanups.delete(one);
    if (cleanups.size === 0) process.off("exit", runCleanups);
  };
}

/** One that fails keeps none of the others from their work. */
function runCleanups(): void {
  for (const cleanup of [...cleanups].reverse()) {
    try {
      cleanup();
    } catch (error) {
      process.stderr.write(`clean up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}
