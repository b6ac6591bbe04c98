import type { HostState, Status } from "@zcloud/events";
import type { HostEntry, ZMap } from "@zcloud/map";
import type { Answer } from "./agents.ts";
import { ContainerFacts, FrontFacts, type Route } from "./facts.ts";

/** What one host's agent answered. */
export interface Seen {
  readonly entry: HostEntry;
  readonly answer: Answer<Status>;
}

/** The document of `zctl status --json`. */
export interface Summary {
  readonly v: 1;
  /** Worst first; `where` is a host or a stack, `remedy` a command or what to look at. */
  readonly problems: readonly { readonly where: string; readonly what: string; readonly remedy?: string }[];
  readonly unreachable: readonly string[];
  readonly sites: readonly { readonly name: string; readonly reachable: boolean }[];
  readonly hosts: readonly HostSummary[];
  /** Public names that fronts know, and those that somebody serves at every front that was asked. */
  readonly names: { readonly known: number; readonly served: number; readonly passthrough: number };
  /** The same of public ports that are not HTTP. */
  readonly ports: { readonly known: number; readonly served: number };
  readonly certificates: { readonly count: number; readonly nextEnds?: string };
  /** Drains and maintenance in force: wanted, so no problems. */
  readonly intents: readonly Pick<FrontFacts["intents"][number], "kind" | "subject" | "reason" | "actor" | "at">[];
  readonly generation: number;
}

interface HostSummary {
  readonly host: string;
  /** As the host itself says, at /readyz too; or why it can't say. */
  readonly state: HostState | "absent" | "refused" | "unreachable";
  readonly version?: string;
  readonly generation?: number;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export function summarise(map: ZMap, seen: readonly Seen[]): Summary {
  const generation = Math.max(0, ...seen.map(({ answer }) => (answer.kind === "ok" ? answer.value.generation : 0)));
  const fronts = frontsOf(seen);
  return {
    v: 1,
    problems: [...displaced(fronts, placements(seen)), ...seen.flatMap((one) => problemsOf(one, generation))],
    unreachable: seen.filter(({ answer }) => answer.kind === "unreachable").map(({ entry }) => entry.id),
    sites: map.sites.map(({ name }) => {
      const here = seen.filter(({ entry }) => entry.site === name);
      return { name, reachable: here.some(({ answer }) => answer.kind !== "unreachable") };
    }),
    hosts: seen.map(hostSummary),
    names: { ...countsOf(fronts, isName), passthrough: countsOf(fronts, (kind) => kind === "passthrough").known },
    ports: countsOf(fronts, (kind) => kind === "tcp"),
    certificates: certificateFacts(fronts),
    intents: intentsOf(fronts),
    generation,
  };
}

function problemsOf({ entry, answer }: Seen, generation: number): Summary["problems"] {
  const where = entry.id;
  if (answer.kind === "unreachable") return [];
  if (answer.kind === "absent") {
    return [{ where, what: answer.reason, remedy: `zctl ssh ${where} systemctl status zcloud-${entry.role}` }];
  }
  if (answer.kind !== "ok") return [{ where, what: answer.reason, remedy: `npx nx deploy ${entry.role}` }];
  const { problems, ready, generation: has } = answer.value;
  const said = problems.map(({ what, remedy }) => ({ where, what, ...(remedy === undefined ? {} : { remedy }) }));
  const stale =
    has < generation ? [{ where, what: `has map ${has}, others have ${generation}`, remedy: "zctl apply" }] : [];
  const silent =
    !ready && said.length + stale.length === 0
      ? [{ where, what: "is not ready yet", remedy: `zctl ssh ${where} journalctl -u zcloud-${entry.role} -n 50` }]
      : [];
  return [...said, ...stale, ...silent];
}

function hostSummary({ entry, answer }: Seen): HostSummary {
  if (answer.kind !== "ok") return { host: entry.id, state: answer.kind };
  const { state, version, generation, facts } = answer.value;
  return { host: entry.id, state, version, generation, facts };
}

interface Front extends FrontFacts {
  readonly site: string;
}

function frontsOf(seen: readonly Seen[]): readonly Front[] {
  return seen.flatMap(({ entry, answer }) => {
    if (entry.role !== "zfront" || answer.kind !== "ok") return [];
    const facts = FrontFacts.safeParse(answer.value.facts);
    return facts.success ? [{ ...facts.data, site: entry.site }] : [];
  });
}

/** Where each stack should be served from: `both`, or its home. */
function placements(seen: readonly Seen[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { answer } of seen) {
    const facts = ContainerFacts.safeParse(answer.kind === "ok" ? answer.value.facts : undefined);
    for (const { stack, placement } of facts.success ? facts.data.stacks : []) found.set(stack, placement);
  }
  return found;
}

/** Stacks that visitors of a front get from another site than they should: users see nothing of it, the operator must. */
function displaced(fronts: readonly Front[], placed: ReadonlyMap<string, string>): Summary["problems"] {
  return fronts.flatMap(({ site, routes }) =>
    routes.flatMap(({ endpoint, servedBy, drained = false }) => {
      const placement = placed.get(endpoint.slice(0, endpoint.indexOf(":")));
      if (drained || placement !== "both" || servedBy === undefined || servedBy === site) return [];
      const what = `${site}'s front leads to ${servedBy}: no server of ${site} answers`;
      return [{ where: endpoint, what, remedy: "zctl events --since 30m" }];
    }),
  );
}

const isName = (kind: Route["kind"]): boolean => kind !== "tcp";

function countsOf(fronts: readonly Front[], counts: (kind: Route["kind"]) => boolean): Summary["ports"] {
  const served = new Map<string, boolean>();
  for (const { routes } of fronts) {
    for (const { names, kind, servedBy } of routes) {
      if (!counts(kind)) continue;
      for (const name of names) served.set(name, (served.get(name) ?? true) && servedBy !== undefined);
    }
  }
  return { known: served.size, served: [...served.values()].filter(Boolean).length };
}

function certificateFacts(fronts: readonly Front[]): Summary["certificates"] {
  const all = fronts.flatMap(({ certificates }) => certificates);
  const nextEnds = all.map(({ until }) => until).sort()[0];
  return { count: new Set(all.map(({ name }) => name)).size, ...(nextEnds === undefined ? {} : { nextEnds }) };
}

/** Each once, whichever front has it. */
function intentsOf(fronts: readonly Front[]): Summary["intents"] {
  const all = fronts.flatMap(({ intents }) => intents);
  return [...new Map(all.map((one) => [`${one.kind} ${one.subject}`, one])).values()];
}
