import { isAlias, isMap, isNode, isScalar, isSeq, type Node, Scalar } from "yaml";
import { type Position, positionAt, type YamlFile } from "./document.ts";
import { formatPath, type Path, type Problem } from "./problems.ts";

/** Far more than any map needs; what is over it is refused before it is parsed. */
const longestText = 512 * 1024;
const longestLine = 8192;
const deepest = 40;

/** What makes the text unfit for parsing; undefined if it may be parsed. Positions are the text's own. */
export function unparsable(text: string): (Position & { message: string }) | undefined {
  if (text.length > longestText) return { line: 1, column: 1, message: "the file is larger than 512K; is it a map?" };
  const long = text.split("\n").findIndex((line) => line.length > longestLine);
  if (long >= 0)
    return { line: long + 1, column: longestLine, message: `a line is longer than ${longestLine} characters` };
  const control = text.search(/[^\t\n\r -~\u0080-\uffff]/);
  if (control >= 0)
    return { ...lineAndColumn(text, control), message: "a control character; save the file as plain UTF-8 text" };
  const deep = findDepth(text, deepest);
  if (deep >= 0) return { ...lineAndColumn(text, deep), message: "brackets are nested too deep; is one not closed?" };
  return undefined;
}

/** Offset of the bracket that goes deeper than `limit`; brackets in quotes and comments count too, which no map notices. */
function findDepth(text: string, limit: number): number {
  let depth = 0;
  for (const match of text.matchAll(/[[{\]}]|#.*/g)) {
    if (match[0] === "[" || match[0] === "{") depth++;
    else if (!match[0].startsWith("#")) depth = Math.max(0, depth - 1);
    if (depth > limit) return match.index;
  }
  return -1;
}

function lineAndColumn(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export interface SyntaxReport {
  readonly problems: readonly Problem[];
  /** The structure can't be trusted, so nothing else can be said about the file. */
  readonly broken: boolean;
}

/** What is wrong with the YAML itself. Aliases in the document become plain values, so that the rest can be checked. */
export function checkSyntax(file: string, text: string, yaml: YamlFile): SyntaxReport {
  const errors = yaml.document.errors.map(({ code, message, pos }) => ({
    code,
    offset: pos[0],
    message: reword(code, message),
  }));
  const parser = onePerLine(
    errors.map(({ offset, message }) => ({ file, ...positionAt(yaml, offset), path: "", message })),
  );
  const replaced = [...text.matchAll(/[^\n]*?\ufffd[^\n]*/g)].map((match) => {
    const offset = match.index + match[0].indexOf("\ufffd");
    return { file, ...positionAt(yaml, offset), path: "", message: "not UTF-8 here; save the file as UTF-8" };
  });
  const nodes: Problem[] = [];
  const report = (node: Node, path: Path, message: string) => {
    nodes.push({ file, ...positionAt(yaml, node.range?.[0] ?? 0), path: formatPath(path), message });
  };
  const broken = errors.some(({ code }) => code !== "BAD_SCALAR_START");
  if (!broken) {
    yaml.document.contents = withoutAlias(yaml.document.contents, [], report) as typeof yaml.document.contents;
    walk(yaml, yaml.document.contents, [], report);
  }
  return { problems: [...parser, ...replaced, ...nodes], broken };
}

type Report = (node: Node, path: Path, message: string) => void;

function walk(yaml: YamlFile, node: unknown, path: Path, report: Report): void {
  if (isNode(node) && !isAlias(node) && node.anchor !== undefined) {
    report(node, path, `&${node.anchor}: a map has no anchors; put text that begins with & in quotes`);
  }
  if (isNode(node) && node.tag?.startsWith("!")) {
    report(node, path, `${node.tag}: a map has no tags; put text that begins with ! in quotes`);
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      node.items[index] = withoutAlias(item, [...path, index], report);
      walk(yaml, node.items[index], [...path, index], report);
    }
  }
  if (!isMap(node)) return;
  const seen = new Map<string, Node>();
  for (const pair of node.items) {
    pair.key = withoutAlias(pair.key, path, report);
    const key = pair.key;
    if (!isScalar(key)) {
      if (isNode(key)) report(key, path, "a mapping or list can't be a key; is a quote missing?");
      continue;
    }
    const name = String(key.value);
    const first = seen.get(name);
    if (first !== undefined) {
      report(
        key,
        [...path, name],
        `${name} stands here twice; the first is on line ${positionAt(yaml, first.range?.[0] ?? 0).line}`,
      );
    } else if (name === "__proto__" || (typeof key.value !== "string" && key.source !== name)) {
      report(key, [...path, name], `${key.source ?? name} can't be a key; put a name in quotes`);
    }
    seen.set(name, key);
    pair.value = withoutAlias(pair.value, [...path, name], report);
    walk(yaml, pair.value, [...path, name], report);
  }
}

/** `*.garden.example.net` without quotes is an alias to YAML; it is taken as the text that it was meant to be. */
function withoutAlias(value: unknown, path: Path, report: Report): unknown {
  if (!isAlias(value)) return value;
  const text = `*${value.source}`;
  report(
    value,
    path,
    value.source.startsWith(".") ? `put it in quotes: "${text}"` : `${text}: a map has no aliases; write the value out`,
  );
  const scalar = new Scalar(value.source.startsWith(".") ? text : null);
  if (value.range) scalar.range = value.range;
  return scalar;
}

/** One slip makes the parser complain several times; the first complaint of a line is the one that helps. */
function onePerLine(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.line, problem])).values()];
}

function reword(code: string, message: string): string {
  return plainer[code] ?? `YAML: ${message}`;
}

const plainer: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: "a tab; indent with spaces",
  BAD_SCALAR_START: "text can't begin with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "the indentation doesn't fit the line above, or text with a colon needs quotes",
  MULTILINE_IMPLICIT_KEY: "the indentation doesn't fit the line above",
  MULTIPLE_DOCS: "a second document begins here; a map is one: remove the ---",
};
