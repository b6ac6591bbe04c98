import { describe, expect, it } from "vitest";
import { committedFile, generatedFiles } from "./generate-docs.ts";
import { escapeCell, table } from "./markdown.ts";

describe("generated files are current; if not: npm run docs", () => {
  it.each(Object.entries(generatedFiles()))("%s", (path, text) => {
    expect(committedFile(path)).toBe(text);
  });
});

it("a cell can hold any text", () => {
  expect(table(["a"], [[escapeCell("x | y\nz")]])).toBe("| a |\n| --- |\n| x \\| y z |");
});
