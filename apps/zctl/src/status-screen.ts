import type { Status } from "@zcloud/events";
import type { HostEntry, ZMap } from "@zcloud/map";
import type { Answer } from "./agents.ts";
import { type Colour, count, printable, table } from "./screen.ts";

/** What one host's agent answered. */
export interface Seen {
  readonly entry: HostEntry;
  readonly answer: Answer<Status>;
}

/** The document of `zctl status --json`. */
export interface Summary {
  readonly v: 1;
  /** Worst first; `remedy` is a command, or what to look at. */
  readonly problems: readonly { readonly where: string; readonly what: string; readonly remedy?: string }[];
  readonly unreachable: readonly string[];
  readonly sites: readonly { readonly name: string; readonly reachable: boolean }[];
  readonly hosts: readonly HostSummary[];
  readonly endpoints: { readonly names: number; readonly served: number };
  readonly generation: number;
}

interface HostSummary {
  readonly host: string;
  readonly state: "ready" | "not-ready" | "absent" | "refused" | "unreachable";
  readonly version?: string;
  readonly generation?: number;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export function summarise(map: ZMap, seen: readonly Seen[]): Summary {
  const generation = Math.max(0, ...seen.map(({ answer }) => (answer.kind === "ok" ? answer.value.generation : 0)));
  const unreachable = seen.filter(({ answer }) => answer.kind === "unreachable").map(({ entry }) => entry.id);
  const sites = map.sites.map(({ name }) => {
    const here = seen.filter(({ entry }) => entry.site === name);
    return { name, reachable: here.some(({ answer }) => answer.kind !== "unreachable") };
  });
  return {
    v: 1,
    problems: seen.flatMap((one) => problemsOf(one, generation)),
    unreachable,
    sites,
    hosts: seen.map(hostSummary),
    endpoints: endpointsOf(seen),
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
  const { value } = answer;
  const said = value.problems.map(({ what, remedy }) => ({ where, what, ...(remedy === undefined ? {} : { remedy }) }));
  if (value.generation < generation) {
    said.push({ where, what: `has map ${value.generation}, others have ${generation}`, remedy: "zctl apply" });
  }
  if (!value.ready && said.length === 0) {
    said.push({
      where,
      what: "is not ready and does not say why",
      remedy: `zctl ssh ${where} journalctl -u zcloud-${entry.role} -n 50`,
    });
  }
  return said;
}

function hostSummary({ entry, answer }: Seen): HostSummary {
  if (answer.kind !== "ok") return { host: entry.id, state: answer.kind };
  const { ready, version, generation, facts } = answer.value;
  return { host: entry.id, state: ready ? "ready" : "not-ready", version, generation, facts };
}

function endpointsOf(seen: readonly Seen[]): Summary["endpoints"] {
  void seen;
  return { names: 0, served: 0 };
}

type Paint = (colour: Colour, text: string) => string;

export function renderStatus(summary: Summary, paint: Paint): string[] {
  const { problems, hosts, sites, unreachable } = summary;
  const lines: string[] = [];
  const lost = sites.filter(({ reachable }) => !reachable).map(({ name }) => name);
  const single = unreachable.filter((id) => !lost.includes(id.split("/")[0] ?? ""));
  for (const name of lost)
    lines.push(
      paint("red", `${name} is unreachable from here.`) +
        " What it does cannot be seen; look at the other site's view: zctl routes",
    );
  for (const id of single) lines.push(paint("red", `${id} is unreachable from here.`));
  lines.push(
    ...table(
      problems.map(({ where, what, remedy }) => [
        where,
        paint("red", oneLine(what)),
        paint("dim", remedy === undefined ? "" : oneLine(remedy)),
      ]),
      "  ",
    ),
  );
  const ready = hosts.filter(({ state }) => state === "ready").length;
  const wrong = problems.length + unreachable.length > 0;
  lines.push(
    `${wrong ? "Everything else is as it should be" : "Everything is as it should be"}: ${count(ready, "host")} of ${hosts.length}, map ${summary.generation}.`,
  );
  return lines;
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}
