import { createHash } from "node:crypto";
import { type Clock, pause } from "@zcloud/reconcile";
import * as z from "zod";
import type { StackReport } from "./report.ts";

const Query = z.object({
  since: z.string().max(64).optional(),
  /** Milliseconds. */
  wait: z.coerce.number().int().min(0).max(10_000).default(0),
});

/** How often a waiting request looks, milliseconds. */
const lookEvery = 100;

export interface StacksAnswer {
  readonly stacks: readonly StackReport[];
  /** Changes when anything in `stacks` does. */
  readonly version: string;
}

/**
 * `GET /v1/stacks?since=VERSION&wait=MS`: what the host's stacks are. With `since`, the answer waits until it would be
 * another one, `wait` at most, so that whoever follows a change needs not ask again and again.
 */
export async function stacksAnswer(
  query: unknown,
  report: () => readonly StackReport[],
  clock: Clock,
  signal: AbortSignal,
): Promise<StacksAnswer> {
  const asked = Query.safeParse(query ?? {});
  if (!asked.success) {
    const message = "ask for stacks: since is a version that an answer had, wait is 0 to 10000 milliseconds";
    throw Object.assign(new Error(message), { statusCode: 400 });
  }
  const { since, wait } = asked.data;
  const until = clock.now() + wait;
  for (;;) {
    const stacks = report();
    const version = createHash("sha256").update(JSON.stringify(stacks)).digest("hex").slice(0, 16);
    if (version !== since || clock.now() >= until || signal.aborted) return { stacks, version };
    await pause(clock, lookEvery, signal);
  }
}
