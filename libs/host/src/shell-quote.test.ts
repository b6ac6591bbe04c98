import fc from "fast-check";
import { expect, test } from "vitest";
import { runProcess } from "./process.ts";
import { shellCommand } from "./shell-quote.ts";

test("a shell splits a quoted command into exactly its words", async () => {
  const word = fc.stringMatching(/^[^\0]{0,12}$/);
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 6 }), async (words) => {
      const { stdout } = await runProcess(["sh", "-c", shellCommand(["printf", "%s\\0", ...words])]);
      expect(stdout.split("\0").slice(0, -1)).toEqual(words);
    }),
    { numRuns: 40 },
  );
});
