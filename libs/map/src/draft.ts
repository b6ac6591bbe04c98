import type * as z from "zod";
import type { MapFile } from "./schema.ts";

type DeepPartial<T> = T extends readonly (infer Item)[]
  ? readonly (DeepPartial<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> | undefined }
    : T;

/** What is good in a file: every value that is there has passed its schema, everything else is undefined. */
export type Draft = DeepPartial<MapFile>;

/** The draft of a file's value, given what the schema has against it. */
export function draftOf(value: unknown, issues: readonly z.core.$ZodIssue[]): Draft {
  const draft = { value: structuredClone(value) };
  for (const issue of issues) {
    const path = ["value", ...issue.path];
    if (issue.code === "unrecognized_keys") for (const key of issue.keys) cut(draft, [...path, key]);
    else cut(draft, path);
  }
  return typeof draft.value === "object" && draft.value !== null && !Array.isArray(draft.value) ? draft.value : {};
}

/** Takes the value at `path` out; a list keeps its length, so that positions stay right. */
function cut(root: object, path: readonly PropertyKey[]): void {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((node, part) => {
    return typeof node === "object" && node !== null ? Reflect.get(node, part) : undefined;
  }, root);
  if (typeof parent !== "object" || parent === null || last === undefined) return;
  if (Array.isArray(parent)) Reflect.set(parent, last, undefined);
  else Reflect.deleteProperty(parent, last);
}

/** Entries of a draft's mapping, those left out by the schema excepted. */
export function entriesOf<T>(record: Readonly<Record<string, T | undefined>> | undefined): [string, T][] {
  return Object.entries(record ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as [string, T]],
  );
}
