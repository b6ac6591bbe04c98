import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goodMap } from "./base-map.test-support.ts";
import { formatProblem, formatProblems, loadMap } from "./index.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const maps = here("../../../deploy/maps");
const read = (path: string) => readFileSync(path, "utf8");

describe("the maps that we ship", () => {
  const names = readdirSync(maps).filter((name) => name.endsWith(".yaml"));

  it("are there", () => {
    expect(names).toEqual(expect.arrayContaining(["example.yaml", "lab.yaml", "smallest.yaml"]));
  });

  it.each(names)("%s has nothing wrong and nothing to warn of", (name) => {
    expect(loadMap(read(join(maps, name)), name)).toMatchObject({ ok: true, warnings: [] });
  });

  it("are short", () => {
    const lines = (name: string) => read(join(maps, name)).trimEnd().split("\n").length;
    expect(lines("smallest.yaml")).toBeLessThanOrEqual(15);
    expect(lines("example.yaml")).toBeLessThan(60);
  });
});

describe("a map with ten mistakes", () => {
  const text = read(here("../golden/ten-mistakes.yaml"));
  const result = loadMap(text, "zcloud.yaml");
  const problems = result.ok ? [] : result.problems;

  it("has ten problems, each on the line of its mistake", () => {
    const marked = text.split("\n").flatMap((line, index) => (line.includes("# <-") ? [index + 1] : []));
    expect(marked).toHaveLength(10);
    expect(problems.map(({ line }) => line)).toEqual(marked);
  });

  it("is told so in these words", async () => {
    await expect(`${formatProblems(problems)}\n`).toMatchFileSnapshot("../golden/ten-mistakes.txt");
  });
});

it("formats problems as compilers do", () => {
  const problem = { file: "zcloud.yaml", line: 14, column: 14, path: "sites.south.network", message: "is missing" };
  expect(formatProblem(problem)).toBe("zcloud.yaml:14:14  sites.south.network  is missing");
  expect(formatProblems([problem])).toBe(
    "zcloud.yaml:14:14  sites.south.network  is missing\n1 problem. Nothing was changed.",
  );
  expect(formatProblem({ ...problem, path: "" })).toBe("zcloud.yaml:14:14  is missing");
});

describe("whatever the file holds", () => {
  it("places are right after text that the parser takes apart", () => {
    const result = loadMap("a: {}x\n {}\nstorage: {}\ntcp: { d: 1,\n", "m");
    const places = result.ok ? [] : result.problems.map(({ line, column }) => [line, column]);
    expect(places).toEqual([
      [1, 6],
      [5, 1],
    ]);
  });

  it("it is a map or has problems with places in the file", () => {
    const piece = fc.constantFrom(
      ...goodMap.split(/(\W)/),
      "\t",
      "\u0000",
      "*",
      "&a",
      "{{",
      "[",
      "---\n",
      "? ",
      "!!map",
      "é",
      "\ufffd",
      "1e999",
    );
    const edits = fc.array(fc.tuple(fc.nat(goodMap.length), fc.nat(20), piece), { maxLength: 4 });
    const mutated = edits.map((list) =>
      list.reduce((text, [at, cut, insert]) => text.slice(0, at) + insert + text.slice(at + cut), goodMap),
    );
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: "binary" }), fc.json()), (text) => {
        const result = loadMap(text, "m");
        if (result.ok) return;
        const lines = text.split("\n");
        expect(result.problems.length).toBeGreaterThan(0);
        for (const { line, column, message } of result.problems) {
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column - 1).toBeLessThanOrEqual(lines[line - 1]?.length ?? -1);
          expect(message).not.toMatch(/undefined|\[object|Invalid input/);
        }
      }),
      { numRuns: 150 },
    );
  }, 30_000);

  it.each([
    ['[{"toString":[]}]'],
    ["{ tcp: { toString: [] } }"],
    ["domain: { valueOf: 1, toString: 2 }"],
  ])("%s is a mistake like others, not a crash", (text) => {
    const result = loadMap(text, "m");
    expect(result.ok ? 0 : result.problems.length).toBeGreaterThan(0);
  });

  it("problems come in the order of the file", () => {
    const lines = fc.shuffledSubarray(goodMap.trimEnd().split("\n"), { minLength: 10 });
    fc.assert(
      fc.property(lines, (some) => {
        const result = loadMap(some.join("\n"), "m");
        const places = result.ok ? [] : result.problems.map(({ line, column }) => line * 10_000 + column);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }),
      { numRuns: 50 },
    );
  }, 30_000);
});
