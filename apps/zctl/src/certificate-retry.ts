import { type HostEntry, hostsOf } from "@zcloud/map";
import * as z from "zod";
import { actorOf } from "./actor.ts";
import { Certificates } from "./certificates-screen.ts";
import type { Exit } from "./exit.ts";
import { siteNamed } from "./installation.ts";
import type { Invocation } from "./invocation.ts";
import { done, everywhere, exitOf, missing } from "./parallel.ts";
import { duration, printable } from "./screen.ts";

/** POST /v1/certificates/NAME/retry (apps/zfront): 202, or why not. */
const Answer = z.looseObject({
  state: z.enum(["ordering", "good", "failing"]).optional(),
  notAfter: z.string().optional(),
  nextAttempt: z.string().optional(),
  /** Of the attempt before; null: none failed. */
  lastErrorAt: z.string().nullable().optional(),
  error: z.string().optional(),
});

/** What came of it at one front. `late`: the attempt still goes on. */
interface Result {
  readonly outcome: "issued" | "failed" | "late" | "good" | "forbidden" | "unknown";
  readonly notAfter?: string | undefined;
  readonly nextAttempt?: string | undefined;
  readonly reason?: string | undefined;
}

const fine: readonly Result["outcome"][] = ["issued", "good"];

export async function retryCertificate(
  it: Invocation,
  name: string,
  { site, patience }: { readonly site: string | undefined; readonly patience: number },
): Promise<Exit> {
  const { map } = await it.installation();
  const where = site === undefined ? undefined : siteNamed(map, site).name;
  const path = `/v1/certificates/${encodeURIComponent(name)}/retry?actor=${encodeURIComponent(actorOf(it, map))}`;
  const waiting = it.screen.progress(`a new attempt at ${name}`);
  const parts = await everywhere(hostsOf(map, "zfront", where), it.signal, async (entry): Promise<Result> => {
    const agent = await it.agent(entry);
    const answer = await agent.ask(path, Answer, { method: "POST", signal: it.signal, accept: [404, 409, 429] });
    const { state, notAfter, nextAttempt, lastErrorAt, error } = agent.orThrow(answer);
    if (state === "good") return { outcome: "good", notAfter };
    if (state === "failing") return { outcome: "forbidden", nextAttempt, reason: error };
    if (state === undefined) return { outcome: "unknown", reason: error };
    return follow(it, entry, name, lastErrorAt ?? undefined, it.ports.now() + patience);
  }).finally(() => waiting.done());
  const lost = missing(parts, map.sites);
  const fronts = done(parts).map(({ entry, value }) => ({ site: entry.site, ...value }));
  if (it.screen.jsonMode) it.screen.json({ v: 1, name, fronts, ...lost });
  for (const line of [...lost.failed, ...lost.unreachable]) it.screen.line(it.screen.paint("red", line));
  for (const one of fronts) {
    const mark = fine.includes(one.outcome) ? it.screen.paint("green", "✓") : it.screen.paint("red", "✗");
    it.screen.line(`${mark} ${one.site.padEnd(8)} ${printable(said(one, name, it.ports.now()))}`);
  }
  return fronts.some(({ outcome }) => !fine.includes(outcome)) ? "problem" : exitOf(parts);
}

/** Until the front has a certificate, or tells of another failure than the one before. */
async function follow(
  it: Invocation,
  entry: HostEntry,
  name: string,
  failedBefore: string | undefined,
  until: number,
): Promise<Result> {
  const agent = await it.agent(entry);
  for (;;) {
    const { certificates } = await agent.value("/v1/certificates", Certificates, { signal: it.signal });
    const now = certificates.find((one) => one.names.includes(name));
    if (now === undefined) return { outcome: "unknown", reason: `it serves no ${name} any more` };
    if (now.state === "good") return { outcome: "issued", notAfter: now.notAfter ?? undefined };
    if (now.state === "failing" && now.lastError?.at !== failedBefore)
      return { outcome: "failed", reason: now.lastError?.reason, nextAttempt: now.nextAttempt };
    if (it.ports.now() >= until) return { outcome: "late" };
    await it.sleep(250);
  }
}

function said({ outcome, notAfter, nextAttempt, reason }: Result, name: string, now: number): string {
  const left = notAfter === undefined ? "" : duration(Date.parse(notAfter) - now);
  const next =
    nextAttempt === undefined ? "" : `; next attempt in ${duration(Math.max(0, Date.parse(nextAttempt) - now))}`;
  switch (outcome) {
    case "issued":
      return `${name} has a certificate for ${left}`;
    case "good":
      return `nothing to do: the certificate of ${name} is good for ${left}`;
    case "late":
      return `${name} is still being ordered; see: zctl certificates`;
    default:
      return `${reason ?? outcome}${outcome === "failed" ? next : ""}`;
  }
}
