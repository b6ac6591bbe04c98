import type { Path, Tenant } from "@zcloud/map";
import { type Finding, isRecord } from "./compose.ts";

/** What a check may know. */
export interface RuleContext {
  readonly tenant: Tenant;
  readonly project: string;
  /** Names of the map's sites. */
  readonly sites: readonly string[];
  /** Paths of the stack's files, relative to its directory. */
  readonly files: ReadonlySet<string>;
  /** Set when the model comes from `docker-compose config`: the stack's directory and the compose project's name. */
  readonly normalised: { readonly directory: string; readonly name: string } | undefined;
}

export type Check = (value: unknown, context: RuleContext, path: Path) => readonly Finding[];

/** What may stand at a key of a compose file. A key that no rule names is refused. */
export type Rule =
  | { readonly kind: "allow"; readonly note?: string }
  /** `unless`: values that ask for nothing, e.g. `privileged: false`. */
  | {
      readonly kind: "refuse";
      readonly why: string;
      readonly remedy: string;
      readonly unless?: (value: unknown, context: RuleContext, path: Path) => boolean;
    }
  | { readonly kind: "check"; readonly note: string; readonly check: Check }
  | { readonly kind: "keys"; readonly rules: RuleTable; readonly note?: string }
  /** A mapping whose keys the user chooses. */
  | { readonly kind: "each"; readonly rule: Rule; readonly note?: string };

export type RuleTable = Readonly<Record<string, Rule>>;

export const allow: Rule = { kind: "allow" };
export const refuse = (
  why: string,
  remedy: string,
  unless?: (value: unknown, context: RuleContext, path: Path) => boolean,
): Rule => ({
  kind: "refuse",
  why,
  remedy,
  ...(unless === undefined ? {} : { unless }),
});
export const check = (note: string, run: Check): Rule => ({ kind: "check", note, check: run });
export const keys = (rules: RuleTable, note?: string): Rule => ({
  kind: "keys",
  rules,
  ...(note === undefined ? {} : { note }),
});
export const each = (rule: Rule, note?: string): Rule => ({
  kind: "each",
  rule,
  ...(note === undefined ? {} : { note }),
});

/** `count`: keys that were looked at, for people. */
export interface Walk {
  readonly findings: readonly Finding[];
  readonly count: number;
}

/** Everything in `value` that `rule` does not allow. */
export function walk(rule: Rule, value: unknown, context: RuleContext, path: Path = []): Walk {
  switch (rule.kind) {
    case "allow":
      return { findings: [], count: 0 };
    case "refuse":
      return {
        findings:
          rule.unless?.(value, context, path) === true
            ? []
            : [{ path, at: "key", message: `${rule.why}; ${rule.remedy}` }],
        count: 0,
      };
    case "check":
      return { findings: rule.check(value, context, path), count: 0 };
    case "each":
      return inEach(value, path, (key) =>
        walk(rule.rule, (value as Record<string, unknown>)[key], context, [...path, key]),
      );
    case "keys":
      return inEach(value, path, (key) => {
        const inner = Object.hasOwn(rule.rules, key) ? rule.rules[key] : undefined;
        if (inner !== undefined) return walk(inner, (value as Record<string, unknown>)[key], context, [...path, key]);
        if (key.startsWith("x-")) return { findings: [], count: 0 };
        return {
          findings: [{ path: [...path, key], at: "key", message: unknownKey(key, Object.keys(rule.rules)) }],
          count: 0,
        };
      });
  }
}

/** Null is an empty mapping: `web:` with nothing under it. */
function inEach(value: unknown, path: Path, visit: (key: string) => Walk): Walk {
  if (value === null || value === undefined) return { findings: [], count: 0 };
  if (!isRecord(value)) return { findings: [{ path, message: "must be a mapping" }], count: 0 };
  const walks = Object.keys(value).map(visit);
  return { findings: walks.flatMap((one) => one.findings), count: walks.reduce((sum, one) => sum + 1 + one.count, 0) };
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known.find((candidate) => distance(candidate, key) <= (key.length < 5 ? 1 : 2));
  return near === undefined
    ? "is not a key that zCloud knows here; remove it"
    : `is not a key that zCloud knows here; did you mean ${near}?`;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
