import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
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

/** `merge`: `<<` merges mappings. `uniqueKeys`: a key that stands twice is an error of the parser. Both false by default. */
export interface YamlOptions {
  readonly merge?: boolean;
  readonly uniqueKeys?: boolean;
}

export function parseYaml(text: string, { merge = false, uniqueKeys = false }: YamlOptions = {}): YamlFile {
  const document = parseDocument(text, {
    prettyErrors: false,
    // Warnings would go to standard error; with "silent" a second document would be no error.
    logLevel: "error",
    merge,
    uniqueKeys,
  });
  return { document, lines: linesOf(text) };
}

/** The parser's own count leaves out some lines of a text that it finds broken. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (const { index } of text.matchAll(/\n/g)) lines.addNewLine(index + 1);
  return lines;
}

/** Position of an offset in the text. */
export function positionAt(file: YamlFile, offset: number): Position {
  const { line, col } = file.lines.linePos(offset);
  return line === 0 ? { line: 1, column: 1 } : { line, column: col };
}

/**
 * Where the value at `path` stands, through aliases and merge keys. What is missing or empty is shown at the key that it
 * should have, or stands under.
 */
export function locate(file: YamlFile, path: Path, target: "value" | "key" = "value"): Position {
  const { document } = file;
  let node: unknown = document.contents;
  let best = isScalar(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0;
  for (const [index, part] of path.entries()) {
    const inside = resolved(document, node);
    const last = index === path.length - 1;
    if (isMap(inside)) {
      const pair = findPair(document, inside, String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) best = pair.key.range?.[0] ?? best;
      node = pair.value;
      if (last && target === "value" && standsInText(node)) best = node.range?.[0] ?? best;
    } else if (isSeq(inside) && typeof part === "number") {
      node = inside.items[part];
      if (!standsInText(node)) break;
      best = node.range?.[0] ?? best;
    } else break;
  }
  return positionAt(file, best);
}

function resolved(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

/** The last of equal keys, which is the one that counts; else one of a mapping that is merged in. */
function findPair(document: Document.Parsed, map: YAMLMap, key: string): Pair | undefined {
  const own = map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own !== undefined) return own;
  const sources = map.items
    .filter((pair) => isScalar(pair.key) && isMergeKey(pair.key.value))
    .flatMap((pair) => (isSeq(pair.value) ? pair.value.items : [pair.value]));
  for (const source of sources) {
    const inside = resolved(document, source);
    const found = isMap(inside) ? findPair(document, inside, key) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** With merging on, and only then, the parser puts a symbol in place of the text `<<`. */
function isMergeKey(value: unknown): boolean {
  return typeof value === "symbol" && value.description === "<<";
}

function standsInText(value: unknown): value is Node {
  return isNode(value) && !(isScalar(value) && value.range?.[0] === value.range?.[1]);
}
