import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** An error class, and what its `code` may be: literals, or the name of a type of codes. */
export interface ErrorClass {
  readonly name: string;
  readonly file: string;
  readonly codes: readonly string[];
  readonly codeType: string | undefined;
}

/** All classes that extend an error, in the sources of `root`: what can be thrown with a code of ours. */
export function errorClasses(root: string): readonly ErrorClass[] {
  const files = ["apps", "libs", "tools"].flatMap((folder) =>
    ts.sys.readDirectory(join(root, folder), [".ts"], ["**/node_modules", "**/dist"]),
  );
  return files
    .filter((file) => !/\.(test|test-support|testing)\.ts$/.test(file))
    .flatMap((file) => classesOf(file.slice(root.length), readFileSync(file, "utf8")));
}

export function classesOf(file: string, text: string): readonly ErrorClass[] {
  if (!/\bextends\s+\w*Error\b/.test(text)) return [];
  const found: ErrorClass[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node) && extendsError(node))
      found.push({ name: node.name?.text ?? "", file, ...codeOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}

function extendsError({ heritageClauses }: ts.ClassDeclaration): boolean {
  return (heritageClauses ?? []).some(({ types }) =>
    types.some(({ expression }) => ts.isIdentifier(expression) && /Error$/.test(expression.text)),
  );
}

function codeOf(node: ts.ClassDeclaration): Pick<ErrorClass, "codes" | "codeType"> {
  const property = node.members.find(
    (member) => ts.isPropertyDeclaration(member) && ts.isIdentifier(member.name) && member.name.text === "code",
  ) as ts.PropertyDeclaration | undefined;
  const literals: string[] = [];
  const visit = (part: ts.Node): void => {
    if (ts.isStringLiteral(part)) literals.push(part.text);
    ts.forEachChild(part, visit);
  };
  if (property !== undefined) visit(property);
  const type = property?.type;
  const named = type !== undefined && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName);
  return { codes: literals, codeType: named ? (type.typeName as ts.Identifier).text : undefined };
}
