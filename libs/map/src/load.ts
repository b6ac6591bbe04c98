import { locate, parseYaml, positionAt } from "./document.ts";
import type { ZMap } from "./model.ts";
import { formatPath, type Problem, sortProblems } from "./problems.ts";
import { resolveMap } from "./resolve.ts";
import { MapFile } from "./schema.ts";
import { schemaFindings } from "./schema-problems.ts";

/** `warnings` are worth reading and stop nothing. */
export type LoadResult =
  | { readonly ok: true; readonly map: ZMap; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The map that `text`, a zcloud.yaml, describes; or everything that is wrong with it.
 * @param file what to call it in problems
 */
export function loadMap(text: string, file: string): LoadResult {
  const yaml = parseYaml(text);
  const syntax = yaml.document.errors.map((error) => ({
    file,
    ...positionAt(yaml, error.pos[0]),
    path: "",
    message: error.message,
  }));
  if (syntax.length > 0) return { ok: false, problems: sortProblems(syntax) };
  const value: unknown = yaml.document.toJS();
  const parsed = MapFile.safeParse(value);
  if (parsed.success) return { ok: true, map: resolveMap(parsed.data), warnings: [] };
  const problems = schemaFindings(parsed.error.issues, value).map(({ path, message, at }) => {
    return { file, ...locate(yaml, path, at), path: formatPath(path), message };
  });
  return { ok: false, problems: sortProblems(problems) };
}
