import { formatProblem } from "@zcloud/map";
import type { Happening } from "./changes.ts";
import type { StacksDesired } from "./desired.ts";
import { unreadable } from "./report.ts";

/** Says each refusal once, and once that the bus's value of a stack that is here can't be read; again when the reason is another. */
export function createTold(): (desired: StacksDesired, deployed: ReadonlyMap<string, unknown>) => readonly Happening[] {
  let told: ReadonlyMap<string, string> = new Map();
  return (desired, deployed) => {
    const all = [...refusals(desired), ...unreadables(desired, deployed)];
    const news = all.filter(({ kind, subject, reason }) => told.get(`${kind} ${subject}`) !== reason);
    told = new Map(all.map(({ kind, subject, reason }) => [`${kind} ${subject}`, reason]));
    return news;
  };
}

function refusals({ refused }: StacksDesired): readonly Happening[] {
  return [...refused].map(([subject, { problems }]) => {
    return { kind: "stack-refused", level: "error", subject, reason: problems.map(formatProblem).join("\n") };
  });
}

function unreadables(desired: StacksDesired, deployed: ReadonlyMap<string, unknown>): readonly Happening[] {
  return [...desired.unreadable].flatMap(([subject, why]) => {
    if (!deployed.has(subject)) return [];
    return [{ kind: "stack-unreadable", level: "error", subject, reason: unreadable(why) } as const];
  });
}
