import { formatPath, locate, type Path, type Problem, parseYaml, positionAt } from "@zcloud/map";

/** What a rule found at a place of the file. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** Point at the key (it should not be there) instead of its value. */
  readonly at?: "key";
}

/** A compose file as data, and where each part of it stands. */
export interface ComposeFile {
  readonly model: Readonly<Record<string, unknown>>;
  /** A problem at a place of the file; a place that isn't there is shown at the nearest one above it. */
  problem(finding: Finding): Problem;
}

export type ParsedCompose =
  | { readonly ok: true; readonly file: ComposeFile }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads a compose file with anchors and merge keys resolved, and keeps positions.
 * @param name what to call the file in problems
 */
export function parseCompose(text: string, name: string): ParsedCompose {
  const yaml = parseYaml(text, { merge: true, uniqueKeys: true });
  const { document } = yaml;
  const whole = (message: string): ParsedCompose => ({
    ok: false,
    problems: [{ file: name, line: 1, column: 1, path: "", message }],
  });
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map(({ code, pos, message }) => {
        const said = code === "MULTIPLE_DOCS" ? "a second document begins here; a stack has one" : message;
        return { file: name, ...positionAt(yaml, pos[0]), path: "", message: said };
      }),
    };
  }
  let model: unknown;
  try {
    model = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    return whole(`can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(model)) return whole("must be a mapping with services: at the top; see the samples in deploy/stacks");
  return {
    ok: true,
    file: {
      model,
      problem: ({ path, message, at: target }) => ({
        file: name,
        ...locate(yaml, path, target),
        path: formatPath(path),
        message,
      }),
    },
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
