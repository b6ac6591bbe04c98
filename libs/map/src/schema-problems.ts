import { stringify } from "yaml";
import * as z from "zod";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding } from "./findings.ts";
import { formatPath, type Path } from "./problems.ts";

/** What to say of keys that people put where they don't belong, by the object schema that meets them. */
export const misplaced = z.registry<Readonly<Record<string, string>>>();

/**
 * What a schema has against a value, in the operator's words and with an example of what would be right.
 * @param schema the one that gave the issues; its descriptions and examples are used
 */
export function schemaFindings(schema: z.ZodType, value: unknown, issues: readonly z.core.$ZodIssue[]): Finding[] {
  const unknown = issues.flatMap((issue) => {
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownKey(schema, toPath(issue.path), key))
      : [];
  });
  const misspelt = new Set(unknown.flatMap(({ meant }) => (meant === undefined ? [] : [formatPath(meant)])));
  const others = issues.flatMap((issue): Finding[] => {
    const path = toPath(issue.path);
    if (issue.code === "unrecognized_keys") return [];
    if (issue.code === "invalid_key") return [{ path, message: issue.issues[0]?.message ?? issue.message, at: "key" }];
    const found = valueAt(value, path);
    if (found === undefined && misspelt.has(formatPath(path))) return [];
    return [{ path, message: explain(issue, schemaAt(schema, path), found) }];
  });
  return [...unknown, ...others];
}

function toPath(path: readonly PropertyKey[]): Path {
  return path.map((part) => (typeof part === "number" ? part : String(part)));
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType | undefined, value: unknown): string {
  if (issue.path.length === 0 && value === null) return "the file is empty; begin with domain, operators and sites";
  const example = exampleOf(schema);
  const instead = example === undefined ? "" : `; write e.g. ${example}`;
  if (value === undefined) return `is missing${instead}`;
  if (value === null)
    return `is empty${instead || (mayBeEmpty(schema) ? "; write {} for the defaults" : "; fill it in, or remove the key")}`;
  switch (issue.code) {
    case "invalid_type": {
      if (issue.expected === "string" && typeof value === "number" && /^\d+[A-Za-z]$/.test(example ?? "")) {
        return `${value} has no unit${instead}`;
      }
      const remedy = remedyFor(issue.expected, schema, value);
      return `${show(value)} is not ${kinds[issue.expected] ?? issue.expected}${remedy === undefined ? instead : `; ${remedy}`}`;
    }
    case "invalid_value":
      return `${show(value)} is not ${issue.values.join(" or ")}${meant(value, issue.values)}`;
    case "too_small":
      if (Array.isArray(value)) return `has ${value.length} entries; at least ${issue.minimum}`;
      return `${show(value)} is too little; at least ${issue.minimum}`;
    case "too_big":
      if (Array.isArray(value)) return `has ${value.length} entries; at most ${issue.maximum}`;
      return `${show(value)} is too much; at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function mayBeEmpty(schema: z.ZodType | undefined): boolean {
  return schema?.safeParse({}).success ?? false;
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

function remedyFor(expected: string, schema: z.ZodType | undefined, value: unknown): string | undefined {
  // What people wrote as a mapping may have a key `toString`; nothing is to be said of it here anyway.
  if (typeof value === "object") return undefined;
  const text = String(value);
  if (expected === "boolean" && /^(yes|on)$/i.test(text)) return "write true";
  if (expected === "boolean" && /^(no|off)$/i.test(text)) return "write false";
  if (expected === "array" && typeof value === "string") return `write [${text}]`;
  if (/^(number|int)$/.test(expected) && typeof value === "string" && /^\d+$/.test(value))
    return `write ${text} without quotes`;
  if (expected !== "object") return undefined;
  const field = Object.entries(shapeOf(schema)).find(([, child]) => child.safeParse(value).success);
  return field === undefined ? undefined : `write { ${field[0]}: ${text} }`;
}

/** A value as it would stand in the file, on one line and not too long. */
function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const text = String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text === "" ? '""' : text;
}

function unknownKey(schema: z.ZodType, parentPath: Path, key: string): Finding {
  const parent = unwrap(schemaAt(schema, parentPath));
  const path = [...parentPath, key];
  const special = parent === undefined ? undefined : misplaced.get(parent)?.[key];
  if (special !== undefined) return { path, message: special, at: "key" };
  const shape = shapeOf(parent);
  const known = Object.keys(shape);
  const near = didYouMean(key, known);
  if (near !== undefined) {
    return {
      path,
      message: `${key} is not known here; did you mean ${near}?`,
      at: "key",
      meant: [...parentPath, near],
    };
  }
  const within = known.find((name) => Object.hasOwn(shapeOf(shape[name]), key));
  const remedy = within === undefined ? `known are ${known.join(", ")}` : `it belongs under ${within}`;
  return { path, message: `${key} is not known here; ${remedy}`, at: "key" };
}

function meant(value: unknown, candidates: readonly unknown[]): string {
  const near = typeof value === "string" ? didYouMean(value, candidates.map(String)) : undefined;
  return near === undefined ? "" : `; did you mean ${near}?`;
}

function exampleOf(schema: z.ZodType | undefined): string | undefined {
  for (let at = schema; at !== undefined; at = inner(at)) {
    const [first] = (at.meta()?.["examples"] as readonly unknown[] | undefined) ?? [];
    if (first !== undefined) return stringify(first, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
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
