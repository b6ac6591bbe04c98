import { parentPort, Worker, workerData } from "node:worker_threads";
import { type Authority, type AuthorityOptions, createAuthority, type Issued } from "./authority.ts";

const mark = "zcloud-acme";

interface Request {
  readonly id: number;
  readonly names: readonly string[];
}
interface Reply {
  readonly id: number;
  readonly issued: Issued;
}

export interface ThreadOptions {
  /** Script of the thread; it calls `serveAuthority`. */
  readonly script: URL;
  /** Milliseconds without an order after which the thread ends; 10,000 by default. */
  readonly idle?: number;
}

/**
 * An authority in a thread of its own, which lives only while there are orders: an ACME client needs 25 MB, and a
 * front orders a few minutes a year.
 */
export function threadAuthority(options: AuthorityOptions, { script, idle = 10_000 }: ThreadOptions): Authority {
  const waiting = new Map<number, (issued: Issued) => void>();
  let worker: Worker | undefined;
  let last = 0;
  let timer: NodeJS.Timeout | undefined;

  function start(): Worker {
    const started = new Worker(script, { workerData: { mark, options } });
    started.on("message", ({ id, issued }: Reply) => answer(id, issued));
    started.on("error", (error) => end(started, error.message));
    started.on("exit", () => end(started, "the thread that orders certificates ended"));
    return started;
  }

  function answer(id: number, issued: Issued): void {
    waiting.get(id)?.(issued);
    waiting.delete(id);
    if (waiting.size > 0) return;
    clearTimeout(timer);
    timer = setTimeout(() => void close(), idle);
    timer.unref();
  }

  /** Whoever still waits must not wait for ever. */
  function end(ended: Worker, reason: string): void {
    if (worker === ended) worker = undefined;
    for (const settle of waiting.values()) settle({ ok: false, kind: "directory", reason });
    waiting.clear();
  }

  async function close(): Promise<void> {
    clearTimeout(timer);
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  }

  return {
    issue(names) {
      clearTimeout(timer);
      worker ??= start();
      const id = ++last;
      const request: Request = { id, names };
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        worker?.postMessage(request);
      });
    },
    close,
  };
}

/** Whether this is the thread of `threadAuthority`, and not the main program that is in the same file. */
export function isAuthorityWorker(): boolean {
  return (workerData as { mark?: unknown } | null)?.mark === mark;
}

/** The thread's whole work. */
export function serveAuthority(): void {
  const authority = createAuthority((workerData as { options: AuthorityOptions }).options);
  parentPort?.on("message", ({ id, names }: Request) => {
    void authority.issue(names).then((issued) => parentPort?.postMessage({ id, issued } satisfies Reply));
  });
}
