import * as z from "zod";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding } from "./findings.ts";
import type { Path } from "./problems.ts";

/**
 * What a schema has against a value, in the operator's words and with an example of what would be right.
 * @param schema the one that gave the issues; its descriptions and examples are used
 */
export function schemaFindings(schema: z.ZodType, value: unknown, issues: readonly z.core.$ZodIssue[]): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
    if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(schema, path, key));
    if (issue.code === "invalid_key")
      return { path, message: issue.issues[0]?.message ?? issue.message, at: "key" as const };
    return { path, message: explain(issue, schemaAt(schema, path), valueAt(value, path)) };
  });
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType | undefined, value: unknown): string {
  const example = exampleOf(schema);
  const instead = example === undefined ? "" : `; write e.g. ${example}`;
  if (value === undefined) return `is missing${instead}`;
  if (value === null) return `is empty${instead || "; fill it in, or remove the key"}`;
  switch (issue.code) {
    case "invalid_type":
      return `${show(value)} is not ${kinds[issue.expected] ?? issue.expected}${remedy(issue.expected, value) ?? instead}`;
    case "invalid_value":
      return `${show(value)} is not ${issue.values.join(" or ")}${meant(String(value), issue.values.map(String))}`;
    case "too_small":
      return `${show(value)} is too little; at least ${issue.minimum}`;
    case "too_big":
      return `${show(value)} is too much; at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

function remedy(expected: string, value: unknown): string | undefined {
  if (expected === "boolean" && /^(yes|on)$/i.test(String(value))) return "; write true";
  if (expected === "boolean" && /^(no|off)$/i.test(String(value))) return "; write false";
  if (expected === "array" && typeof value === "string") return `; write [${value}]`;
  if (/^(number|int)$/.test(expected) && typeof value === "string" && /^\d+$/.test(value))
    return `; write ${value} without quotes`;
  return undefined;
}

/** A value as it would stand in the file, on one line and not too long. */
function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text === "" ? '""' : text;
}

function unknownKey(schema: z.ZodType, path: Path, key: string): Finding {
  const parent = schemaAt(schema, path);
  const known = Object.keys(shapeOf(parent));
  const within = known.find((name) => Object.hasOwn(shapeOf(shapeOf(parent)[name]), key));
  const near = didYouMean(key, known);
  const special =
    key === "count" && path.includes("sites")
      ? "is the same at both sites; set it under the top level's hosts"
      : undefined;
  const remedyText =
    special ??
    (near !== undefined
      ? `is not known here; did you mean ${near}?`
      : within !== undefined
        ? `is not known here; it belongs under ${within}`
        : `is not known here; known are ${known.join(", ")}`);
  return { path: [...path, key], message: `${key} ${remedyText}`, at: "key" };
}

function meant(word: string, candidates: readonly string[]): string {
  const near = didYouMean(word, candidates);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

function exampleOf(schema: z.ZodType | undefined): string | undefined {
  for (let at = schema; at !== undefined; at = inner(at)) {
    const [first] = (at.meta()?.["examples"] as readonly unknown[] | undefined) ?? [];
    if (first !== undefined) return String(first);
  }
  return undefined;
}

/** The schema of what stands at `path`; undefined where the schema knows nothing of it. */
export function schemaAt(schema: z.ZodType, path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((at, part) => childOf(at, part), schema);
}

function childOf(schema: z.ZodType | undefined, part: string | number): z.ZodType | undefined {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) return Object.hasOwn(bare.shape, part) ? bare.shape[part] : undefined;
  if (bare instanceof z.ZodRecord) return bare.valueType as z.ZodType;
  if (bare instanceof z.ZodArray) return bare.element as z.ZodType;
  return undefined;
}

function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> {
  const bare = unwrap(schema);
  return bare instanceof z.ZodObject ? bare.shape : {};
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  const next = schema === undefined ? undefined : inner(schema);
  return next === undefined ? schema : unwrap(next);
}

function inner(schema: z.ZodType): z.ZodType | undefined {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable
    ? (schema.unwrap() as z.ZodType)
    : undefined;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, part) => {
    return typeof node === "object" && node !== null && Object.hasOwn(node, part) ? Reflect.get(node, part) : undefined;
  }, value);
}
