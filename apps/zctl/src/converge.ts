import { UnreachableError } from "@zcloud/host";
import type { HostEntry } from "@zcloud/map";
import * as z from "zod";
import { type Agent, type Answer, whyUnreachable } from "./agents.ts";
import type { Invocation } from "./invocation.ts";

/** How far a host has come with a generation. */
export interface Progressed {
  readonly entry: HostEntry;
  readonly kind: "converged" | "behind" | "not-ready" | "absent" | "undeployed" | "unreachable";
  /** For people: what it waits for. */
  readonly reason: string;
}

const Loop = z.looseObject({
  name: z.string(),
  phase: z.string(),
  ready: z.boolean(),
  essential: z.boolean(),
  generation: z.number().optional(),
  error: z.string().optional(),
});
/** What /readyz says (libs/service). */
const Readiness = z.looseObject({
  ready: z.boolean(),
  generation: z.number(),
  reasons: z.array(z.string()),
  loops: z.array(Loop),
});
type Readiness = z.infer<typeof Readiness>;

/** Asks every host until all that it keeps true has been looked at under the generation and is right, or patience ends. */
export async function waitForAgents(
  it: Invocation,
  entries: readonly HostEntry[],
  generation: number,
  patience: number,
): Promise<readonly Progressed[]> {
  const until = it.ports.now() + patience;
  return Promise.all(entries.map((entry) => waitForOne(it, entry, generation, until)));
}

async function waitForOne(it: Invocation, entry: HostEntry, generation: number, until: number): Promise<Progressed> {
  const agent = await it.agent(entry);
  let pause = 200;
  for (;;) {
    it.signal.throwIfAborted();
    const answer = await agent.ask("/readyz", Readiness, { signal: it.signal, timeout: 5_000, accept: [503] });
    if (answer.kind === "absent") {
      const deployed = await isDeployed(agent);
      if (typeof deployed !== "boolean") return { entry, kind: "unreachable", reason: deployed.lost };
      if (!deployed) return { entry, kind: "undeployed", reason: "has no service yet" };
    }
    const now = judge(entry, answer, generation);
    if (now.kind === "converged" || now.kind === "unreachable" || it.ports.now() >= until) return now;
    await it.sleep(pause);
    pause = Math.min(pause * 1.4, 1_500);
  }
}

/** A new host gets its map before its service: nothing to wait for. `lost`: it has gone out of reach since the last answer. */
async function isDeployed({ entry, host }: Agent): Promise<boolean | { readonly lost: string }> {
  try {
    return (await host.stat(`/opt/zcloud/${entry.role}/current`)) !== undefined;
  } catch (error) {
    if (error instanceof UnreachableError) return { lost: whyUnreachable(error) };
    throw error;
  }
}

export function judge(entry: HostEntry, answer: Answer<Readiness>, generation: number): Progressed {
  if (answer.kind === "unreachable") return { entry, kind: "unreachable", reason: answer.reason };
  if (answer.kind !== "ok") {
    return {
      entry,
      kind: "absent",
      reason: `${answer.reason}: zctl ssh ${entry.id} journalctl -u zcloud-${entry.role} -n 50`,
    };
  }
  const { ready, generation: has, reasons, loops } = answer.value;
  if (has < generation) {
    return { entry, kind: "behind", reason: [`is still at map ${has}`, ...reasons.slice(0, 1)].join(": ") };
  }
  const late = loops.filter((loop) => loop.essential && loop.phase !== "idle" && (loop.generation ?? 0) < generation);
  if (ready && late.length === 0) return { entry, kind: "converged", reason: "" };
  const why = ready ? late.map(({ name }) => `${name} has not finished`) : reasons;
  return { entry, kind: "not-ready", reason: `has map ${has}, but ${why.slice(0, 3).join("; ")}` };
}
