import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = JSON.stringify(fileURLToPath(new URL("at-exit.ts", import.meta.url)));

/** What a process with these lines says until it is gone. */
function exited(lines: string): { readonly out: string; readonly err: string } {
  const script = `import { atExit } from ${module};\n${lines}`;
  const argv = ["--import", "tsx", "--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  return { out: stdout, err: stderr };
}

test("everything is cleaned up, the latest first, with no warning of a leak, and a failure stops nothing", () => {
  const { out, err } = exited(`
    for (let n = 1; n <= 30; n++) atExit(() => { if (n === 20) throw new Error("busy"); process.stdout.write(n + " "); });
  `);
  const expected = Array.from({ length: 30 }, (_, index) => 30 - index).filter((n) => n !== 20);
  expect(out.trim().split(" ").map(Number)).toEqual(expected);
  expect(err).toBe("clean up: busy\n");
});

test("what was taken back does not happen, and leaves no listener", () => {
  const { out, err } = exited(`
    const listeners = () => process.listenerCount("exit");
    const before = listeners();
    const off = atExit(() => process.stdout.write("no"));
    process.stdout.write(String(listeners() - before));
    off();
    process.stdout.write(String(listeners() - before));
  `);
  expect(err).toBe("");
  expect(out).toBe("10");
});
