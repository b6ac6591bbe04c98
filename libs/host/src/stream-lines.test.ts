import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { StreamError, streamLines } from "./stream-lines.ts";

async function all(lines: AsyncIterable<readonly string[]>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const some of lines) found.push(...some);
  return found;
}

test("lines as they are, also a last one without an end, and characters that chunks cut in two", async () => {
  expect(await all(streamLines(["printf", "a\\n\\nb"]))).toEqual(["a", "", "b"]);
  const many = await all(streamLines(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo äöü$i; i=$((i+1)); done"]));
  expect(many).toHaveLength(20_000);
  expect(many.every((line, n) => line === `äöü${n}`)).toBe(true);
});

test("a failure says what the program said; one that is expected is none", async () => {
  await expect(all(streamLines(["sh", "-c", "echo a; echo broken >&2; exit 3"]))).rejects.toThrow(StreamError);
  await expect(all(streamLines(["sh", "-c", "echo broken >&2; exit 3"]))).rejects.toThrow(/exit 3: broken/);
  expect(await all(streamLines(["sh", "-c", "exit 1"], { fine: [1] }))).toEqual([]);
  await expect(all(streamLines(["/no/such/program"]))).rejects.toThrow(/ENOENT/);
});

test("who stops reading, or aborts, ends the program and what it started", async () => {
  const gone = (pid: number) => !existsSync(`/proc/${pid}/fd/1`);
  const endless = ["sh", "-c", "echo $$; yes | cat"];
  let pid = 0;
  for await (const [first] of streamLines(endless)) {
    pid = Number(first);
    break;
  }
  await expect.poll(() => gone(pid)).toBe(true);
  const abort = new AbortController();
  const lines: string[] = [];
  for await (const some of streamLines(["sh", "-c", "echo $$; sleep 600"], { signal: abort.signal })) {
    lines.push(...some);
    abort.abort();
  }
  expect(lines).toHaveLength(1);
  await expect.poll(() => gone(Number(lines[0]))).toBe(true);
});
