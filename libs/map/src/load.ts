import { advice, type Check, checks } from "./cross-checks.ts";
import { parseYaml } from "./document.ts";
import { type Draft, draftOf } from "./draft.ts";
import { toProblem } from "./findings.ts";
import type { ZMap } from "./model.ts";
import { type Problem, sortProblems } from "./problems.ts";
import { resolveMap } from "./resolve.ts";
import { MapFile } from "./schema.ts";
import { schemaFindings } from "./schema-problems.ts";
import { checkSyntax, unparsable } from "./syntax.ts";

/** `warnings` are worth reading and stop nothing. */
export type LoadResult =
  | { readonly ok: true; readonly map: ZMap; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The map that `text`, a zcloud.yaml, describes; or everything that is wrong with it, in the order of the file.
 * Never throws: whatever stands in the text is the operator's to correct.
 * @param file what to call it in problems
 */
export function loadMap(text: string, file: string): LoadResult {
  const unfit = unparsable(text);
  if (unfit !== undefined) return { ok: false, problems: [{ file, path: "", ...unfit }] };
  const yaml = parseYaml(text);
  const syntax = checkSyntax(file, text, yaml);
  if (syntax.broken) return { ok: false, problems: sortProblems(syntax.problems) };

  const value: unknown = yaml.document.toJS();
  const parsed = MapFile.safeParse(value);
  const shape = schemaFindings(MapFile, value, parsed.error?.issues ?? []);
  const draft = draftOf(
    value,
    shape.flatMap(({ path, meant }) => (meant === undefined ? [path] : [path, meant])),
  );
  const problems = [...shape, ...run(checks, draft)]
    .map((finding) => toProblem(file, yaml, finding))
    .filter((problem) => !syntax.problems.some((known) => isSame(known, problem)));
  if (!parsed.success || problems.length + syntax.problems.length > 0) {
    return { ok: false, problems: sortProblems([...syntax.problems, ...problems]) };
  }
  const warnings = run(advice, draft).map((finding) => toProblem(file, yaml, finding));
  return { ok: true, map: resolveMap(parsed.data), warnings: sortProblems(warnings) };
}

/** What YAML already has against a place need not be said again in other words. */
function isSame(known: Problem, problem: Problem): boolean {
  if (known.path !== "") return known.path === problem.path;
  return known.line === problem.line && known.column === problem.column;
}

function run(list: readonly Check[], draft: Draft) {
  return list.flatMap(({ find }) => find(draft));
}
