import { describe, expect, it } from "vitest";
import { type JsonSchema, mapJsonSchema } from "./json-schema.ts";
import { parseDuration, parseSize } from "./units.ts";

/** Every schema with its path. */
function walk(schema: JsonSchema, path: string): [string, JsonSchema][] {
  const properties = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => walk(child, `${path}.${key}`));
  const entries = schema.additionalProperties ? walk(schema.additionalProperties, `${path}.*`) : [];
  return [[path, schema], ...properties, ...entries, ...(schema.items ? walk(schema.items, `${path}[]`) : [])];
}

describe("the JSON Schema", () => {
  const all = walk(mapJsonSchema(), "");

  it("describes every value that a user writes", () => {
    const bare = all.filter(([, schema]) => schema.type !== "object" && !schema.description).map(([path]) => path);
    expect(bare).toEqual([]);
    expect(all.length).toBeGreaterThan(50);
  });

  it("allows no unknown keys", () => {
    const open = all.filter(
      ([, schema]) => schema.type === "object" && schema.properties && schema.additionalProperties !== false,
    );
    expect(open.map(([path]) => path)).toEqual([]);
  });

  it("has patterns that take what the parser takes", () => {
    const patterns = all.flatMap(([, schema]) => ("pattern" in schema ? [new RegExp(String(schema.pattern))] : []));
    const takes = (text: string) => patterns.some((pattern) => pattern.test(text));
    for (const text of ["20G", "1.5T", "30d", "5m"])
      expect(takes(text)).toBe(parseSize(text) !== undefined || parseDuration(text) !== undefined);
    for (const text of ["20", "20GB", "30 days"]) expect(takes(text)).toBe(false);
  });
});
