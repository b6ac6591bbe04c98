import { locate, type YamlFile } from "./document.ts";
import { formatPath, type Path, type Problem } from "./problems.ts";

/** Something wrong before it has a file and a line. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** The key itself is wrong, rather than its value. */
  readonly at?: "key";
  /** For a misspelt key: what it was meant to be, which is then not missing. */
  readonly meant?: Path;
  /** Another place that the message speaks of; its line is put behind the message. */
  readonly seeAlso?: Path;
}

/** Gives a finding its place in the file. */
export function toProblem(file: string, yaml: YamlFile, { path, message, at, seeAlso }: Finding): Problem {
  const where = seeAlso === undefined ? "" : ` (line ${locate(yaml, seeAlso).line})`;
  return { file, ...locate(yaml, path, at), path: formatPath(path), message: message + where };
}
