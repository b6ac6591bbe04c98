import type { pino } from "pino";
import { expect, test } from "vitest";
import { createLogger, journalLevels } from "./logger.ts";

function said(listens: boolean): { readonly lines: string[]; readonly log: pino.Logger } {
  const lines: string[] = [];
  const out = journalLevels({ write: (line: string) => void lines.push(line) }, listens);
  const log = createLogger("zcloud-test", out);
  log.level = "debug";
  return { lines, log };
}

test("journald is told each line's level", () => {
  const { lines, log } = said(true);
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.child({ loop: "x" }).error("d");
  log.fatal("e");
  expect(lines.map((line) => line.slice(0, 3))).toEqual(["<7>", "<6>", "<4>", "<3>", "<2>"]);
  expect(lines.map((line) => JSON.parse(line.slice(3)).msg)).toEqual(["a", "b", "c", "d", "e"]);
});

test("elsewhere a line is JSON and nothing else", () => {
  const { lines, log } = said(false);
  log.warn("c");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", msg: "c" });
});
