import type acme from "acme-client";
import * as z from "zod";

const prefix = "urn:ietf:params:acme:error:";

/** RFC 7807 with the words of RFC 8555, 6.7. */
const Problem = z.looseObject({
  type: z.string().startsWith(prefix),
  detail: z.string().default(""),
  subproblems: z
    .array(
      z.looseObject({ detail: z.string().default(""), identifier: z.looseObject({ value: z.string() }).optional() }),
    )
    .default([]),
});

export interface Subproblem {
  /** The name it is about. */
  readonly identifier: string;
  readonly detail: string;
}

/** What an authority says when it does not do what it was asked. */
export class ProblemError extends Error {
  readonly code = "ACME_PROBLEM";
  /** `rateLimited`, `rejectedIdentifier`, ... (RFC 8555, 6.7). */
  readonly type: string;
  readonly status: number;
  readonly subproblems: readonly Subproblem[];
  /** Milliseconds; undefined: it did not say. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: z.infer<typeof Problem>, retryAfter: number | undefined) {
    super(problem.detail || problem.type);
    this.type = problem.type.slice(prefix.length);
    this.status = status;
    this.subproblems = problem.subproblems.flatMap(({ identifier, detail }) =>
      identifier === undefined ? [] : [{ identifier: identifier.value, detail }],
    );
    this.retryAfter = retryAfter;
  }
}

type HttpClient = typeof acme.axios;

const watched = new WeakSet<HttpClient>();

/** From now on, a refusal is a ProblemError; an outdated nonce is left to acme-client, which asks again by itself. */
export function noteProblems(client: HttpClient): void {
  if (watched.has(client)) return;
  watched.add(client);
  client.interceptors.response.use((response) => {
    const problem = response.status < 400 ? undefined : Problem.safeParse(response.data).data;
    if (problem === undefined || problem.type === `${prefix}badNonce`) return response;
    throw new ProblemError(response.status, problem, retryAfterOf(response.headers, Date.now()));
  });
}

/** Retry-After in milliseconds from now: seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterOf(headers: unknown, now: number): number | undefined {
  const value = (headers as Readonly<Record<string, unknown>>)["retry-after"];
  if (typeof value !== "string" || value === "") return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
