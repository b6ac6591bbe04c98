import type { HostEntry, Site } from "@zcloud/map";
import type { Installation } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { isGood, type Probed, probe } from "./probe.ts";
import { judgeStack, type Sent, StackReports } from "./stack-report.ts";

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
  const agents = await Promise.all(hosts.map((entry) => it.agent(entry)));
  const stack = `${what.tenant}/${what.project}`;
  let last = { host: site, reason: "no host there has taken the stack yet" };
  while (it.ports.now() < what.until) {
    it.signal.throwIfAborted();
    const answers = await Promise.all(
      agents.map(async (agent) => ({
        host: agent.entry.id,
        answer: await agent.ask("/v1/stacks", StackReports, { signal: it.signal, timeout: 5_000 }),
      })),
    );
    for (const { host, answer } of answers) {
      if (answer.kind !== "ok") {
        last = { host, reason: answer.reason };
        continue;
      }
      const now = judgeStack(
        answer.value.stacks.find((one) => one.stack === stack),
        sent,
      );
      if (now.kind === "healthy") return { host, kind: "healthy", ms: it.ports.now() - what.began };
      if (now.kind === "failed") return { host, kind: "failed", reason: now.reason };
      if (now.kind !== "nothing") last = { host, reason: now.reason };
    }
    if (answers.every(({ answer }) => answer.kind === "unreachable")) return { ...last, kind: "unreachable" };
    await it.sleep(120);
  }
  return { ...last, kind: "late" };
}

/** One name through one front door: when its certificate was trusted, and when it answered. */
export interface Door {
  readonly site: string;
  readonly last: Probed;
  /** Milliseconds from the beginning; undefined: not yet. */
  readonly trustedAfter: number | undefined;
  readonly servedAfter: number | undefined;
}

/** Until the name answers a visitor through this site's front door. */
export async function followDoor(
  it: Invocation,
  site: Site,
  name: string,
  path: string,
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
