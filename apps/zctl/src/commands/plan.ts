import type { HostEntry } from "@zcloud/map";
import * as z from "zod";
import { type Exit, ZctlError } from "../exit.ts";
import { lastSigned, readSigned, sameContent } from "../generation.ts";
import { vms } from "../installation.ts";
import type { Invocation } from "../invocation.ts";
import { everywhere, inMapOrder, type Part } from "../parallel.ts";
import { type HostPlan, PlanAnswer, type PlanScreen, renderPlan, type Unknown } from "../plan-screen.ts";
import { command } from "../spec.ts";
import { planZclouds } from "../zclouds.ts";

export const plan = command(z.strictObject({ verbose: z.boolean().default(false) }), {
  name: "plan",
  summary: "what zctl apply would change, on every host; touches nothing",
  about:
    "Every host is asked what it would do for the map as it is in your file now. For volumes the fate of the data is\n" +
    "told: kept, created, moved, trashed.",
  options: [{ flags: "-v, --verbose", about: "show changed files line by line" }],
  examples: [
    { line: "zctl plan", about: "before zctl apply" },
    {
      line: "zctl plan --json | jq '[.hosts[].changes[] | select(.fate == \"trashed\")]'",
      about: "is data going to trash?",
    },
  ],
  run: async (it, _args, { verbose }): Promise<Exit> => {
    const installation = await it.installation();
    const { map, mapText, keysText } = installation;
    if (keysText === undefined) {
      throw new ZctlError("NO_KEYS", "zcloud.keys.json is missing", {
        exit: "badMap",
        remedy: "make the keys first: zctl pki",
      });
    }
    const waiting = it.screen.progress("asking every host what it would change");
    const [agents, zclouds] = await Promise.all([
      everywhere(vms(map), it.signal, (entry) => ask(it, entry, { map: mapText, keys: keysText })),
      planZclouds(it, installation),
    ]).finally(() => waiting.done());
    const inForce = await readSigned(it.ports.local, lastSigned(installation));
    const parts = inMapOrder(map, [...agents, ...zclouds]);
    const result: PlanScreen = {
      ...sorted(parts),
      lostSites: map.sites
        .map(({ name }) => name)
        .filter((name) => parts.filter(({ entry }) => entry.site === name).every(({ kind }) => kind === "unreachable")),
      mapChanged: !sameContent(inForce, installation),
    };
    if (it.screen.jsonMode) {
      const { plans, unknown, mapChanged } = result;
      it.screen.json({ v: 1, mapChanged, hosts: plans, unknown });
    } else it.screen.lines(renderPlan(result, verbose, (colour, text) => it.screen.paint(colour, text)));
    if (result.unknown.some(({ kind }) => kind === "failed") || result.plans.some(({ errors }) => errors.length > 0)) {
      return "problem";
    }
    return result.unknown.length > 0 ? "unreachable" : "ok";
  },
});

async function ask(it: Invocation, entry: HostEntry, body: unknown): Promise<Omit<HostPlan, "host">> {
  const agent = await it.agent(entry);
  const answer = await agent.ask("/v1/plan", PlanAnswer, { method: "POST", body, signal: it.signal, timeout: 40_000 });
  if (answer.kind === "absent") throw new Error(`${answer.reason}; deploy it with: npx nx deploy ${entry.role}`);
  const value = agent.orThrow(answer);
  return { changes: value.changes, errors: value.errors.map(({ reconciler, message }) => `${reconciler}: ${message}`) };
}

function sorted(parts: readonly Part<Omit<HostPlan, "host">>[]): { plans: HostPlan[]; unknown: Unknown[] } {
  return {
    plans: parts.flatMap((part) => (part.kind === "ok" ? [{ host: part.entry.id, ...part.value }] : [])),
    unknown: parts.flatMap((part) =>
      part.kind === "ok" ? [] : [{ host: part.entry.id, kind: part.kind, reason: part.reason }],
    ),
  };
}
