import { type Host, type RunOptions, UnreachableError } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import * as z from "zod";
import { printable } from "./screen.ts";

/**
 * What came of asking an agent.
 * unreachable: no SSH. absent: SSH, but nobody listens at the agent's socket. refused: an HTTP error, or an answer
 * that is not what was asked for.
 */
export type Answer<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "unreachable" | "absent"; readonly reason: string }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string; readonly details: readonly string[] };

export interface AskOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for the agent's answer; 10,000 by default. */
  readonly timeout?: number;
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: unknown;
  /** Statuses besides 2xx whose body is what was asked for: /readyz answers 503 with the same document. */
  readonly accept?: readonly number[];
}

/** curl(1), EXIT CODES: could not connect; a connection that ended with no answer. */
const noListener = new Set([7, 52, 56]);
const timedOut = 28;
/** ssh(1): "exits with the exit status of the remote command or with 255 if an error occurred". */
const sshFailed = 255;

/** Agents answer problems in one of these shapes (libs/service; fastify's own for what never reached a handler). */
const Refusal = z.looseObject({
  message: z.string().optional(),
  error: z.union([z.string(), z.looseObject({ message: z.string() })]).optional(),
  problems: z.array(z.unknown()).optional(),
});

/** No SSH to a host. Told apart from failures: it may mend itself, and the other hosts are worth going on for. */
export class OutOfReachError extends Error {
  override readonly name = "OutOfReachError";
  readonly code = "UNREACHABLE";
}

/** ssh's own words, without what is said around them. */
export function whyUnreachable(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const bare = error instanceof UnreachableError ? message.replace(`; ${error.remedy}`, "") : message;
  return lastLine(bare.replace(/^reach \S+: /, ""));
}

/** A role service's HTTP API, spoken by curl on its own machine: zctl needs SSH and nothing else. */
export class Agent {
  readonly entry: HostEntry;
  readonly host: Host;

  constructor(entry: HostEntry, host: Host) {
    this.entry = entry;
    this.host = host;
  }

  async ask<S extends z.ZodType>(path: string, schema: S, options: AskOptions = {}): Promise<Answer<z.infer<S>>> {
    const timeout = options.timeout ?? 10_000;
    const method = options.method ?? "GET";
    const argv = ["curl", "-sS", "--unix-socket", `/run/zcloud/${this.entry.role}.sock`];
    argv.push("--max-time", String(Math.ceil(timeout / 1000)), "-w", "\\n%{http_code}", "-X", method);
    if (options.body !== undefined) argv.push("-H", "content-type: application/json", "--data-binary", "@-");
    argv.push(`http://agent${path}`);
    const run: { -readonly [K in keyof RunOptions]: RunOptions[K] } = { timeout: timeout + 10_000 };
    if (options.body !== undefined) run.input = JSON.stringify(options.body);
    if (options.signal !== undefined) run.signal = options.signal;

    let result: Awaited<ReturnType<Host["run"]>>;
    try {
      result = await this.host.run(argv, run);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      return { kind: "unreachable", reason: whyUnreachable(error) };
    }
    if (result.status === sshFailed) return { kind: "unreachable", reason: lastLine(result.stderr) || "ssh failed" };
    if (noListener.has(result.status)) return { kind: "absent", reason: "its service does not run" };
    if (result.status === timedOut)
      return { kind: "absent", reason: `its service did not answer in ${timeout / 1000} s` };
    if (result.status !== 0) {
      return { kind: "absent", reason: lastLine(result.stderr) || `curl ended with ${result.status}` };
    }
    return parse(result.stdout, path, schema, options.accept ?? []);
  }

  /** As `ask`, for where anything but an answer ends this host's part of the work. */
  async value<S extends z.ZodType>(path: string, schema: S, options: AskOptions = {}): Promise<z.infer<S>> {
    return this.orThrow(await this.ask(path, schema, options));
  }

  orThrow<T>(answer: Answer<T>): T {
    if (answer.kind === "ok") return answer.value;
    if (answer.kind === "unreachable") throw new OutOfReachError(answer.reason);
    throw new Error([answer.reason, ...(answer.kind === "refused" ? answer.details : [])].join("; "));
  }
}

function parse<S extends z.ZodType>(
  stdout: string,
  path: string,
  schema: S,
  accept: readonly number[],
): Answer<z.infer<S>> {
  const cut = stdout.lastIndexOf("\n");
  const status = Number(stdout.slice(cut + 1));
  const text = stdout.slice(0, Math.max(cut, 0));
  const body = json(text);
  if ((status < 200 || status > 299) && !accept.includes(status)) {
    return { kind: "refused", status, ...refusal(body, text, status) };
  }
  const parsed = schema.safeParse(status === 204 ? undefined : body);
  if (parsed.success) return { kind: "ok", value: parsed.data };
  const reason = `answered ${path} with something else than agreed; are zctl and the service of the same version?`;
  return { kind: "refused", status, reason, details: z.prettifyError(parsed.error).split("\n").map(printable) };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(body: unknown, text: string, status: number): { reason: string; details: string[] } {
  const parsed = Refusal.safeParse(body);
  if (!parsed.success) return { reason: lastLine(text) || `HTTP ${status}`, details: [] };
  const { message, error, problems } = parsed.data;
  const reason = message ?? (typeof error === "string" ? error : error?.message) ?? `HTTP ${status}`;
  const details = (problems ?? []).map((one) => printable(detail(one)));
  return { reason: printable(reason), details };
}

/** A problem of a file carries its place. */
const Placed = z.looseObject({
  message: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
  column: z.number().optional(),
  path: z.string().optional(),
});

function detail(problem: unknown): string {
  const placed = Placed.safeParse(problem);
  if (!placed.success) return typeof problem === "string" ? problem : JSON.stringify(problem);
  const { file, line, column, path, message } = placed.data;
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return [place, path ?? "", message].filter((part) => part !== "").join("  ");
}

function lastLine(text: string): string {
  return printable(text.trim().split("\n").at(-1) ?? "");
}
