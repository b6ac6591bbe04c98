import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { publish } from "./publish.ts";

test("a reader finds a whole file at every moment, while builds follow each other", async () => {
  const directory = tempDir();
  const to = join(directory, "dist");
  const texts = ["a", "b"].map((letter) => letter.repeat(1_000_000));
  const build = async (round: number): Promise<void> => {
    const from = join(directory, `build-${round}`);
    mkdirSync(from);
    writeFileSync(join(from, "app.js"), texts[round % 2] ?? "");
    await publish(from, to);
  };
  await build(0);
  let building = true;
  const builds = (async () => {
    for (let round = 1; round <= 10; round++) await build(round);
    building = false;
  })();
  const seen = new Set<string>();
  while (building) {
    const text = readFileSync(join(to, "app.js"), "utf8");
    expect(texts.includes(text)).toBe(true);
    seen.add(text.slice(0, 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await builds;
  expect(seen).toEqual(new Set(["a", "b"]));
  expect(readdirSync(to)).toEqual(["app.js"]);
  expect(readdirSync(directory)).toEqual(["dist"]);
});
