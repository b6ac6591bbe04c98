import fc from "fast-check";
import { expect, test } from "vitest";
import { diffLines } from "./line-diff.ts";

/** Carries out a unified diff, as patch(1) would. */
function patch(before: string, unified: string): string {
  const source = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const result: string[] = [];
  let next = 0;
  for (const line of unified.split("\n").slice(0, -1)) {
    const header = /^@@ -(\d+) \+\d+ @@$/.exec(line);
    if (header !== null) {
      const upTo = Number(header[1]) - 1;
      while (next < upTo) result.push(source[next++] ?? "");
    } else if (line.startsWith("+")) result.push(line.slice(1));
    else {
      expect(source[next]).toBe(line.slice(1));
      if (line.startsWith(" ")) result.push(line.slice(1));
      next += 1;
    }
  }
  result.push(...source.slice(next));
  return result.map((line) => `${line}\n`).join("");
}

const text = fc
  .array(fc.constantFrom("a", "b", "c", "", "server x"), { maxLength: 25 })
  .map((parts) => parts.map((part) => `${part}\n`).join(""));

test("the diff of two texts, applied to the first, gives the second", () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { added, removed, unified } = diffLines(before, after);
      expect(patch(before, unified)).toBe(after);
      const size = (value: string) => value.split("\n").length - 1;
      expect(added - removed).toBe(size(after) - size(before));
    }),
    { numRuns: 500 },
  );
});

test("equal texts have an empty diff", () => {
  fc.assert(
    fc.property(text, (same) => {
      expect(diffLines(same, same)).toEqual({ added: 0, removed: 0, unified: "" });
    }),
  );
});

test("one inserted line among thousands is one added line", () => {
  const many = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
  const before = `${many.join("\n")}\n`;
  const after = `${many.toSpliced(2_500, 0, "new").join("\n")}\n`;
  expect(diffLines(before, after)).toMatchObject({ added: 1, removed: 0 });
});

test("texts that have nothing in common are replaced whole, without a search for the shortest way", () => {
  const before = Array.from({ length: 3_000 }, (_, index) => `old ${index}\n`).join("");
  const after = Array.from({ length: 3_000 }, (_, index) => `new ${index}\n`).join("");
  expect(diffLines(before, after)).toMatchObject({ added: 3_000, removed: 3_000 });
});

test("a missing newline at the end is a difference", () => {
  expect(diffLines("a\n", "a").unified).toContain("+\\ No newline at end of file");
});

test("a change in a long text is shown where it is", () => {
  const long = Array.from({ length: 1_000 }, (_, index) => `line ${index + 1}\n`);
  const changed = long.with(499, "other\n").join("");
  expect(diffLines(long.join(""), changed)).toEqual({
    added: 1,
    removed: 1,
    unified: "@@ -497 +497 @@\n line 497\n line 498\n line 499\n-line 500\n+other\n line 501\n line 502\n line 503\n",
  });
});

test("a change anywhere in a text of megabytes is found where it is", () => {
  const long = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`);
  for (const line of [1, 7_000, 20_000]) {
    expect(diffLines(long.join(""), long.with(line - 1, "other\n").join(""))).toMatchObject({
      added: 1,
      removed: 1,
      unified: expect.stringContaining(`-line ${line}\n+other\n`),
    });
  }
});
