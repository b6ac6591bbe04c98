import type { Path } from "./problems.ts";
import type { MapFile } from "./schema.ts";

type DeepPartial<T> = T extends readonly (infer Item)[]
  ? readonly (DeepPartial<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> | undefined }
    : T;

/**
 * What is good in a file: every value that is there has passed its schema. What hasn't, unknown keys too, is undefined
 * under its key, so that a check can tell what the operator left out from what was taken out.
 */
export type Draft = DeepPartial<MapFile>;

/** The draft of a file's value without what is wrong in it. */
export function draftOf(value: unknown, wrong: readonly Path[]): Draft {
  const root: Record<PropertyKey, unknown> = { value: structuredClone(value) };
  for (const path of wrong) cut(root, ["value", ...path]);
  return isObject(root["value"]) && !Array.isArray(root["value"]) ? root["value"] : {};
}

/** A list keeps its length, so that positions in it stay right. */
function cut(root: object, path: readonly PropertyKey[]): void {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((node, part) => (isObject(node) ? Reflect.get(node, part) : undefined), root);
  if (isObject(parent)) Reflect.set(parent, path.at(-1) ?? "", undefined);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether nothing in `value` was taken out: only then is a default what the operator wants. */
export function isWhole(value: unknown): boolean {
  return !isObject(value) || Object.values(value).every((item) => item !== undefined && isWhole(item));
}

/** Whether the value under `key` was taken out. */
export function wasCut<T extends object>(parent: T | undefined, key: keyof T): boolean {
  return parent !== undefined && Object.hasOwn(parent, key) && parent[key] === undefined;
}

/** Entries of a draft's mapping, those left out by the schema excepted. */
export function entriesOf<T>(record: Readonly<Record<string, T | undefined>> | undefined): [string, T][] {
  return Object.entries(record ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as [string, T]],
  );
}
