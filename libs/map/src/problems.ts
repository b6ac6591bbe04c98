/** Where something stands in the file: keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** One thing that is wrong in a file, and what would be right. */
export interface Problem {
  /** As the operator named it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** `tenants.garden.names[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    const key = /^[\w*./-]+$/.test(part) ? part : JSON.stringify(part);
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** One line, as editors and compilers write it: `zcloud.yaml:14:14  sites.south.network  10.64.1.128/25 overlaps ...`. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return [`${file}:${line}:${column}`, path, message].filter((part) => part !== "").join("  ");
}

/** All problems, one a line, and what became of the command: nothing. */
export function formatProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return [...problems.map(formatProblem), `${count}. Nothing was changed.`].join("\n");
}

/** In the order of the file, and for each position in the order of paths. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) => a.line - b.line || a.column - b.column || compare(a.path, b.path) || compare(a.message, b.message),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
