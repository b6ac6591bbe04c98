import {
  type Document,
  isCollection,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from "yaml";
import type { Path } from "./problems.ts";

/** A parsed YAML file that knows where everything stands. */
export interface YamlFile {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export function parseYaml(text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  return { document, lines };
}

/** Position of an offset in the text. */
export function positionAt(file: YamlFile, offset: number): Position {
  const { line, col } = file.lines.linePos(offset);
  return line === 0 ? { line: 1, column: 1 } : { line, column: col };
}

/** Where the value at `path` stands. What is missing or empty is shown at the key that it should have, or stands under. */
export function locate(file: YamlFile, path: Path, target: "value" | "key" = "value"): Position {
  let node: unknown = file.document.contents;
  let best = isScalar(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [index, part] of path.entries()) {
    if (!isCollection(node)) break;
    const pair: Pair | undefined = isMap(node) ? findPair(node.items, part) : undefined;
    const value: unknown = pair === undefined ? (isMap(node) ? undefined : node.get(part, true)) : pair.value;
    const last = index === path.length - 1;
    const key = pair?.key;
    if (isNode(key)) best = key.range?.[0] ?? best;
    if (last && !(target === "key" && pair !== undefined) && standsInText(value)) best = value.range?.[0] ?? best;
    if (!last && isSeq(node) && standsInText(value)) best = value.range?.[0] ?? best;
    node = value;
  }
  return positionAt(file, best);
}

/** The last of equal keys, which is the one that counts. */
function findPair(items: readonly Pair[], key: string | number): Pair | undefined {
  return items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

function standsInText(value: unknown): value is Node {
  return isNode(value) && !(isScalar(value) && value.range?.[0] === value.range?.[1]);
}
