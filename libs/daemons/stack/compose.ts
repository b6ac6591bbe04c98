import { formatPath, type Path, type Problem } from "@zcloud/map";
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
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: "silent",
    uniqueKeys: true,
  });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return line === 0 ? { line: 1, column: 1 } : { line, column: col };
  };
  const whole = (message: string): ParsedCompose => ({
    ok: false,
    problems: [{ file: name, line: 1, column: 1, path: "", message }],
  });
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => ({ file: name, ...at(error.pos[0]), path: "", message: error.message })),
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
        ...at(offsetOf(document, path, target ?? "value")),
        path: formatPath(path),
        message,
      }),
    },
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Offset of the value (or key) at `path`, through aliases and merge keys; of the deepest part of it that exists. */
function offsetOf(document: Document.Parsed, path: Path, target: "value" | "key"): number {
  let node: Node | null | undefined = document.contents;
  let best = 0;
  for (const [index, part] of path.entries()) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    const last = index === path.length - 1;
    if (isMap(inside)) {
      const pair = findPair(document, inside, String(part));
      if (pair === undefined) break;
      if (isNode(pair.key)) best = pair.key.range?.[0] ?? best;
      node = isNode(pair.value) ? pair.value : undefined;
      const empty = isScalar(node) && node.range?.[0] === node.range?.[1];
      if (last && target === "value" && !empty) best = node?.range?.[0] ?? best;
    } else if (isSeq(inside) && typeof part === "number") {
      const item: unknown = inside.items[part];
      if (!isNode(item)) break;
      best = item.range?.[0] ?? best;
      node = item;
    } else break;
  }
  return best;
}

function findPair(document: Document.Parsed, map: YAMLMap, key: string): Pair | undefined {
  const own = map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own !== undefined) return own;
  const merged = map.items
    .filter((pair) => isScalar(pair.key) && isMergeKey(pair.key.value))
    .flatMap((pair) => (isSeq(pair.value) ? pair.value.items : [pair.value]));
  for (const source of merged) {
    const inside = isAlias(source) ? source.resolve(document) : source;
    const found = isMap(inside) ? findPair(document, inside, key) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** With merging on, the parser puts a symbol in place of the text `<<`. */
function isMergeKey(value: unknown): boolean {
  return value === "<<" || (typeof value === "symbol" && value.description === "<<");
}
