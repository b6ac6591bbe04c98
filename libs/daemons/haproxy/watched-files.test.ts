import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { afterAll, expect, test } from "vitest";
import { watchedFiles } from "./watched-files.ts";

const directory = mkdtempSync(join(tmpdir(), "zcloud-watched-"));
const path = join(directory, "file");
let reads = 0;
class CountingHost extends LocalHost {
  override read(file: string): Promise<string | undefined> {
    reads += 1;
    return super.read(file);
  }
}
const counting = new CountingHost();
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Of time long ago, so that a change is seen by it. */
function write(text: string, seconds: number): void {
  writeFileSync(path, text, { mode: 0o644 });
  utimesSync(path, seconds, seconds);
}

test("a file is read again only when its time or size is another, and is the same object until then", async () => {
  const files = watchedFiles(counting, [path]);
  expect((await files.look(Date.now())).size).toBe(0);
  write("one", 1_000);
  const first = (await files.look(Date.now())).get(path);
  expect(first).toEqual({ content: "one", mode: 0o644 });
  const before = reads;
  expect((await files.look(Date.now())).get(path)).toBe(first);
  expect(reads).toBe(before);
  write("two", 2_000);
  expect((await files.look(Date.now())).get(path)?.content).toBe("two");
});

test("what was written here is not read, and what somebody else writes after that is", async () => {
  const files = watchedFiles(counting, [path]);
  const spec = { content: "ours", mode: 0o644 };
  write("ours", Date.now() / 1000);
  await files.wrote(path, spec);
  const before = reads;
  expect((await files.look(Date.now())).get(path)).toBe(spec);
  expect(reads).toBe(before);
  write("theirs", 3_000);
  expect((await files.look(Date.now())).get(path)?.content).toBe("theirs");
});
