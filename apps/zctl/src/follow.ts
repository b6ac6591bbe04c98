import type { HostEntry, Site } from "@zcloud/map";
import type { Installation } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { isGood, type Probed, probe } from "./probe.ts";
import { judgeStack, type Sent, StackReports } from "./stack-report.ts";

/** Milliseconds that a host may keep a question until it has news. */
const mostWait = 3_000;

/** What is followed after a stack was accepted. */
export interface Following {
  readonly installation: Installation;
  readonly tenant: string;
  readonly project: string;
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly until: number;
}

export type HostResult =
  | { readonly host: string; readonly kind: "healthy"; readonly ms: number }
  | { readonly host: string; readonly kind: "failed" | "late" | "unreachable"; readonly reason: string };

/** Until one of the site's hosts says that this version is healthy, or that it failed. */
export async function followSite(
  it: Invocation,
  site: string,
  hosts: readonly HostEntry[],
  sent: Sent,
  what: Following,
): Promise<HostResult> {
  const decided = new AbortController();
  const signal = AbortSignal.any([it.signal, decided.signal]);
  const ends = await Promise.all(
    hosts.map(async (entry) => {
      const result = await followHost(it, entry, sent, what, signal).catch((error: unknown) => {
        if (decided.signal.aborted) return undefined;
        throw error;
      });
      if (result?.kind === "healthy" || result?.kind === "failed") decided.abort();
      return result;
    }),
  );
  const results = ends.filter((result) => result !== undefined);
  const nobody = { host: site, kind: "late", reason: "no host there has taken the stack yet" } as const;
  return (
    results.find(({ kind }) => kind === "healthy" || kind === "failed") ??
    results.find((result) => result.kind === "late" && result.reason !== silent) ??
    (results.length > 0 && results.every(({ kind }) => kind === "unreachable") ? results[0] : undefined) ??
    nobody
  );
}

/** Of a host that has nothing to do with the stack. */
const silent = "it has not taken the stack";

/** Until this host says so; it is asked to answer when it has something new to say. */
async function followHost(
  it: Invocation,
  entry: HostEntry,
  sent: Sent,
  what: Following,
  signal: AbortSignal,
): Promise<HostResult> {
  const agent = await it.agent(entry);
  const stack = `${what.tenant}/${what.project}`;
  let last: HostResult = { host: entry.id, kind: "late", reason: silent };
  let since = "";
  while (it.ports.now() < what.until) {
    signal.throwIfAborted();
    const path = `/v1/stacks?since=${since}&wait=${mostWait}`;
    const answer = await agent.ask(path, StackReports, { signal, timeout: mostWait + 5_000 });
    if (answer.kind === "unreachable") return { host: entry.id, kind: "unreachable", reason: answer.reason };
    if (answer.kind === "ok") {
      const now = judgeStack(
        answer.value.stacks.find((one) => one.stack === stack),
        sent,
      );
      if (now.kind === "healthy") return { host: entry.id, kind: "healthy", ms: it.ports.now() - what.began };
      if (now.kind === "failed") return { host: entry.id, kind: "failed", reason: now.reason };
      if (now.kind === "waiting") last = { host: entry.id, kind: "late", reason: now.reason };
      since = answer.value.version ?? "";
    } else last = { host: entry.id, kind: "late", reason: answer.reason };
    await it.sleep(100);
  }
  return last;
}

/** One name through one front door: when its certificate was trusted, and when it answered. */
export interface Door {
  readonly site: string;
  readonly last: Probed;
  /** Milliseconds from the beginning; undefined: not yet. */
  readonly trustedAfter: number | undefined;
  readonly servedAfter: number | undefined;
}

/** Until the name answers a visitor through this site's front door; without a path, until it shakes hands. */
export async function followDoor(
  it: Invocation,
  site: Site,
  name: string,
  path: string | undefined,
  what: Following,
): Promise<Door> {
  let trustedAfter: number | undefined;
  let pause = 100;
  for (;;) {
    it.signal.throwIfAborted();
    const last = await probe(it.ports.local, what.installation, site, name, path, it.signal);
    const now = it.ports.now();
    if (last.kind === "answered") trustedAfter ??= now - what.began;
    if (isGood(last)) return { site: site.name, last, trustedAfter, servedAfter: now - what.began };
    if (now >= what.until) return { site: site.name, last, trustedAfter, servedAfter: undefined };
    await it.sleep(pause);
    pause = Math.min(pause * 1.3, 700);
  }
}
