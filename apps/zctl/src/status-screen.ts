import { type Colour, count, duration, printable, table } from "./screen.ts";
import type { Summary } from "./summary.ts";

type Paint = (colour: Colour, text: string) => string;
type Problem = Summary["problems"][number];

/** What is wrong first, with what helps; then one line for all that is well. */
export function renderStatus(summary: Summary, now: number, paint: Paint): string[] {
  const { problems, sites, unreachable } = summary;
  const lost = sites.filter(({ reachable }) => !reachable).map(({ name }) => name);
  const single = unreachable.filter((id) => !lost.includes(id.split("/")[0] ?? ""));
  const lines = lost.map((name) => `${paint("red", `${name} is unreachable from here`)}; what it serves is not known.`);
  if (single.length > 0) {
    const verb = single.length === 1 ? "is" : "are";
    lines.push(paint("red", `${single.join(", ")} ${verb} unreachable from here`));
  }
  const rows = grouped(problems).map(({ where, what, remedy }) => {
    return [where, paint("red", oneLine(what)), paint("dim", remedy === undefined ? "" : oneLine(remedy))];
  });
  const notes = summary.intents.map(({ kind, subject, reason, actor, at }) => {
    const state = kind === "drain" ? "is drained" : "is in maintenance";
    const why = reason === "" ? "" : `: ${reason}`;
    return oneLine(`${subject} ${state} since ${duration(now - Date.parse(at))}, by ${actor}${why}`);
  });
  return [...lines, ...table(rows, "  "), ...notes, rest(summary, now)];
}

/** The same problem of many hosts is one line. */
function grouped(problems: readonly Problem[]): readonly Problem[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = problem.what.replaceAll(problem.where, "");
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()].flatMap(([first, ...more]) => {
    if (first === undefined) return [];
    const all = [first.where, ...more.map(({ where }) => where)];
    const where = all.length <= 2 ? all.join(", ") : `${all[0]} and ${all.length - 1} more`;
    return [{ ...first, where }];
  });
}

/** `Everything else is as it should be: 10 hosts, 3 names, 3 certificates (the next ends in 89 d), map 4.` */
function rest({ hosts, names, ports, certificates, generation, problems, unreachable }: Summary, now: number): string {
  const ready = hosts.filter(({ state }) => state === "ready").length;
  if (ready === 0) return "No host is ready.";
  const ends =
    certificates.nextEnds === undefined
      ? ""
      : ` (the next ends in ${duration(Date.parse(certificates.nextEnds) - now)})`;
  const well = [
    ready === hosts.length ? count(ready, "host") : `${ready} of ${count(hosts.length, "host")}`,
    `${count(names.served, "name")}${names.passthrough === 0 ? "" : ` (${names.passthrough} passthrough)`}`,
    ...(ports.known === 0 ? [] : [count(ports.served, "port")]),
    `${count(certificates.count, "certificate")}${ends}`,
    `map ${generation}`,
  ];
  const wrong = problems.length + unreachable.length > 0;
  return `Everything${wrong ? " else" : ""} is as it should be: ${well.join(", ")}.`;
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", "; ");
}
