import { appendFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { listVariable } from "./left-behind.ts";

/** A new empty directory that goes away with this process at the latest. */
export function tempDir(prefix = "zcloud-test-"): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const list = process.env[listVariable];
  if (list !== undefined && existsSync(list)) appendFileSync(list, `${path}\n`);
  atExit(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
