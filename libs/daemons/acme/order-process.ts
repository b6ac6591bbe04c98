import type { Conversation, ConversationOptions } from "@zcloud/host";
import * as z from "zod";
import type { Authority, AuthorityOptions, Issued, OrderRequest } from "./authority.ts";

/** What the process reads, a line each: first who orders, then orders. */
export const Line = z.union([
  z.strictObject({
    directory: z.string(),
    contact: z.string().optional(),
    accountKey: z.string(),
    trust: z.string().optional(),
  }),
  z.strictObject({
    id: z.int(),
    names: z.array(z.string()).readonly(),
    replaces: z.string().optional(),
    profile: z.string().optional(),
  }),
]);
export type Line = z.infer<typeof Line>;

/** What it answers. */
const Answer = z.strictObject({
  id: z.int(),
  issued: z.discriminatedUnion("ok", [
    z.strictObject({ ok: z.literal(true), pem: z.string() }),
    z.strictObject({
      ok: z.literal(false),
      kind: z.enum(["directory", "limited", "refused"]),
      reason: z.string(),
      names: z.record(z.string(), z.string()).optional(),
      retryAfter: z.number().optional(),
    }),
  ]),
});
export type Answer = z.infer<typeof Answer>;

export interface OrderProcessOptions {
  /** Starts a program that calls `serveOrders`. */
  readonly start: (options: ConversationOptions) => Conversation;
  /** Milliseconds that an order may take; 300,000 by default. */
  readonly timeout?: number;
  /** Milliseconds without an order after which the process may end; 10,000 by default. */
  readonly patience?: number;
}

/**
 * An authority whose orders are made by another process, which ends when it has had none for a while: an ACME client
 * leaves 30 MB resident behind, in a thread as well, and a front orders a few minutes a year. Keys go through the pipes,
 * never through arguments.
 */
export function processAuthority(options: AuthorityOptions, how: OrderProcessOptions): Authority {
  const { timeout = 300_000, patience = 10_000 } = how;
  const waiting = new Map<number, (issued: Issued) => void>();
  let conversation: Conversation | undefined;
  let resting: NodeJS.Timeout | undefined;
  let last = 0;

  function begin(): Conversation {
    /** Orders that only this process can answer. */
    const from = last;
    const started = how.start({
      onLine(text) {
        const answer = Answer.safeParse(parsed(text));
        if (!answer.success) return fail(`the process that orders certificates said what is no answer: ${text}`);
        waiting.get(answer.data.id)?.(answer.data.issued);
      },
      onEnd: ({ status, stderr }) =>
        fail(`the process that orders certificates ended with ${status ?? "nothing"}: ${lastLine(stderr)}`),
    });
    const fail = (reason: string): void => {
      const mine = conversation === started;
      started.kill();
      if (!mine) return;
      conversation = undefined;
      for (const [id, done] of waiting) if (id >= from) done(failure(reason.slice(0, 400)));
    };
    started.send(JSON.stringify(options));
    return started;
  }

  /** Only we end it, so no order can be on its way to a process that ends. */
  function rest(): void {
    clearTimeout(resting);
    if (waiting.size > 0) return;
    resting = setTimeout(() => {
      conversation?.finish();
      conversation = undefined;
    }, patience).unref();
  }

  function issue(request: OrderRequest): Promise<Issued> {
    clearTimeout(resting);
    last += 1;
    const id = last;
    return new Promise<Issued>((resolve) => {
      // Whatever holds it up may hold up others: all are given up, and start anew.
      const timer = setTimeout(() => {
        const stuck = conversation;
        conversation = undefined;
        stuck?.kill();
        for (const one of [...waiting.values()]) one(failure("an order was not done in time"));
      }, timeout);
      const done = (issued: Issued): void => {
        clearTimeout(timer);
        waiting.delete(id);
        rest();
        resolve(issued);
      };
      waiting.set(id, done);
      try {
        conversation ??= begin();
        conversation.send(JSON.stringify({ id, ...request }));
      } catch (error) {
        done(failure(error instanceof Error ? error.message : String(error)));
      }
    });
  }

  return {
    issue,
    async close() {
      clearTimeout(resting);
      conversation?.kill();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(reason: string): Issued {
  return { ok: false, kind: "directory", reason };
}

/** Of what node prints before it ends, the line that says why is the one that begins with the error's name. */
function lastLine(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "").slice(0, 300);
}
