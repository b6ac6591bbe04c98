import { spawnSync } from "node:child_process";
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
    if (path === "") continue;
    unmount(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** Unmounts what is under a directory, the deepest first; a process that is ending may do so at the same time. */
export function unmount(directory: string): void {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const under = mounts.flatMap((line) => line.split(" ")[1] ?? []).filter((path) => path.startsWith(`${directory}/`));
  for (const path of under.reverse()) spawnSync("umount", ["--lazy", path]);
}
