import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Names the file in which `tempDir` notes what it makes. */
export const listVariable = "ZCLOUD_TEMP_DIRS";

/** Of vitest's `globalSetup`: its workers may be killed before they tidy up, so what they made goes at the end of the run. */
export function setup(): void {
  // One list for all projects of a run.
  if (process.env[listVariable] !== undefined) return;
  const list = join(mkdtempSync(join(tmpdir(), "zcloud-run-")), "made");
  writeFileSync(list, "");
  process.env[listVariable] = list;
}

export function teardown(): void {
  const list = process.env[listVariable];
  if (list === undefined) return;
  delete process.env[listVariable];
  const made = readFileSync(list, "utf8").split("\n");
  for (const path of [...made, dirname(list)]) {
    if (path !== "") rmSync(path, { recursive: true, force: true });
  }
}
