import type { Host } from "@zcloud/host";
import * as z from "zod";
import type { Authority, AuthorityOptions, Issued } from "./authority.ts";
import { FailureKind } from "./plan.ts";

/** What the process reads from its standard input. */
export const OrderRequest = z.strictObject({
  directory: z.string(),
  contact: z.string().optional(),
  accountKey: z.string(),
  trust: z.string().optional(),
  names: z.array(z.string()).readonly(),
});

const Outcome = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true), pem: z.string() }),
  z.strictObject({ ok: z.literal(false), kind: FailureKind, reason: z.string() }),
]);

export interface OrderProcessOptions {
  readonly host: Pick<Host, "run">;
  /** Starts a program that calls `serveOrder`. */
  readonly command: readonly string[];
  /** Milliseconds that an order may take; 300,000 by default. */
  readonly timeout?: number;
}

/**
 * An authority whose orders are made by a process each: an ACME client leaves 30 MB resident behind, in a thread as
 * well, and a front orders a few minutes a year. Keys go through the pipes, never through arguments.
 */
export function processAuthority(options: AuthorityOptions, how: OrderProcessOptions): Authority {
  const closing = new AbortController();

  async function issue(names: readonly string[]): Promise<Issued> {
    try {
      const { status, stdout, stderr } = await how.host.run(how.command, {
        input: JSON.stringify({ ...options, names } satisfies z.input<typeof OrderRequest>),
        signal: closing.signal,
        timeout: how.timeout ?? 300_000,
      });
      if (status === 0) return Outcome.parse(JSON.parse(stdout));
      return failure(`the process that orders certificates ended with ${status}: ${lastLine(stderr)}`);
    } catch (error) {
      return failure(error instanceof Error ? error.message : String(error));
    }
  }

  return { issue, close: async () => closing.abort() };
}

function failure(reason: string): Issued {
  return { ok: false, kind: "directory", reason };
}

/** Of what node prints before it ends, the line that says why is the one that begins with the error's name. */
function lastLine(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return (lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "").slice(0, 300);
}
