import { fileURLToPath } from "node:url";
import { errorCodes } from "@zcloud/zctl/operator";
import { describe, expect, it } from "vitest";
import { errorCatalogue } from "./error-catalogue.ts";
import { classesOf, errorClasses } from "./error-codes.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const known = errorCatalogue.flatMap(({ codes }) => Object.keys(codes));

describe("the catalogue of error codes", () => {
  const classes = errorClasses(root);
  const thrown = [...classes.flatMap(({ codes }) => codes), ...Object.keys(errorCodes)];

  it("is compared with classes that are really there", () => {
    expect(classes.length).toBeGreaterThan(20);
    expect(classes.map(({ name }) => name)).toContain("ApplyConfigError");
  });

  it("has every code once, and none that nothing carries", () => {
    expect(known.toSorted()).toEqual([...new Set(thrown)].sort());
    expect(new Set(known).size).toBe(known.length);
  });

  it.each(classes)("$name ($file) has a code", ({ codes, codeType }) => {
    expect(codes.length > 0 || codeType === "ErrorCode").toBe(true);
  });

  it.each(errorCatalogue.flatMap(({ codes }) => Object.entries(codes)))("%s says everything", (_code, entry) => {
    for (const text of Object.values(entry)) expect(text).toMatch(/^\S.*[^.\s]$/);
  });
});

it("reads codes from literals, unions and names of types; other classes are none of its business", () => {
  const text = `
    export class AError extends Error { readonly code = "A"; }
    class BError extends AError { override readonly code: "B" | "C"; }
    class DError extends Error { readonly code: ErrorCode; }
    class Bare extends Error {}
    class Other extends Map {}`;
  expect(classesOf("x.ts", text).map(({ name, codes, codeType }) => [name, codes, codeType])).toEqual([
    ["AError", ["A"], undefined],
    ["BError", ["B", "C"], undefined],
    ["DError", [], "ErrorCode"],
    ["Bare", [], undefined],
  ]);
});
