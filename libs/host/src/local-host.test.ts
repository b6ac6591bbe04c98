import { chmod, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LocalHost } from "./local-host.ts";

const host = new LocalHost();
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-host-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("a file is written with its parents, its mode and nothing beside it", async () => {
  const path = join(directory, "a/b/file.conf");
  await host.write(path, "grüße\n", { mode: 0o640 });
  expect(await host.read(path)).toBe("grüße\n");
  expect(await host.stat(path)).toMatchObject({ kind: "file", mode: 0o640, size: 8 });
  expect(await readdir(join(directory, "a/b"))).toEqual(["file.conf"]);
});

test("writing again replaces the file and its mode", async () => {
  const path = join(directory, "file");
  await host.write(path, "one", { mode: 0o600 });
  await host.write(path, new TextEncoder().encode("two"));
  expect(await host.read(path)).toBe("two");
  expect((await host.stat(path))?.mode).toBe(0o644);
});

test("the process's umask does not narrow a mode", async () => {
  const before = process.umask(0o077);
  try {
    await host.write(join(directory, "sub/file"), "x", { mode: 0o664 });
    expect((await host.stat(join(directory, "sub/file")))?.mode).toBe(0o664);
  } finally {
    process.umask(before);
  }
});

test("a failed write leaves the old file and no temporary one", async () => {
  const path = join(directory, "target");
  await host.write(join(path, "inside"), "keeps the directory from being replaced");
  await expect(host.write(path, "x")).rejects.toMatchObject({
    code: "FILE",
    message: expect.stringContaining(`write ${path}`),
  });
  expect(await readdir(directory)).toEqual(["target"]);
});

test("an owner that does not exist is named", async () => {
  const write = host.write(join(directory, "file"), "x", { owner: "nobody-of-this-name" });
  await expect(write).rejects.toThrow("there is no user nobody-of-this-name here");
});

test("what is not there reads as undefined, lists as empty and can be removed", async () => {
  const path = join(directory, "none");
  expect(await host.read(path)).toBeUndefined();
  expect(await host.stat(path)).toBeUndefined();
  expect(await host.list(path)).toEqual([]);
  await host.remove(path);
  await host.write(join(directory, "file"), "x");
  expect(await host.read(join(directory, "file/below"))).toBeUndefined();
});

test("what can't be read is an error, not a missing file", async () => {
  await expect(host.read(directory)).rejects.toMatchObject({ code: "FILE" });
});

test("kinds, lists and trees", async () => {
  await host.write(join(directory, "b"), "");
  await host.write(join(directory, "a/file"), "");
  await symlink("b", join(directory, "link"));
  expect(await host.list(directory)).toEqual(["a", "b", "link"]);
  expect((await host.stat(join(directory, "a")))?.kind).toBe("directory");
  expect((await host.stat(join(directory, "link")))?.kind).toBe("symlink");
  await chmod(join(directory, "a"), 0o700);
  await host.remove(join(directory, "a"));
  expect(await host.list(directory)).toEqual(["b", "link"]);
});
