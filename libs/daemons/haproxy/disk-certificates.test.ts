import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalHost } from "@zcloud/host";
import { createTestCa, tempDir } from "@zcloud/testing";
import { expect, test } from "vitest";
import { certificateReader } from "./disk-certificates.ts";

const issue = createTestCa(tempDir());

/** A directory of certificates that nobody has touched for an hour. */
function directoryWith(...names: readonly string[]): string {
  const directory = tempDir();
  for (const name of names) {
    const { cert, key } = issue(name, `DNS:${name}`);
    writeFileSync(join(directory, `${name}.pem`), `${cert}${key}`);
  }
  const before = Date.now() / 1_000 - 3_600;
  utimesSync(directory, before, before);
  return directory;
}

test("whoever looks first at the same time as another finds the same: nothing that is there is taken for missing", async () => {
  const read = certificateReader(new LocalHost(), directoryWith("a.example", "b.example"));
  const looks = await Promise.all([read(Date.now()), read(Date.now()), read(Date.now(), "new"), read(Date.now())]);
  for (const found of looks) expect(found.map(({ name }) => name)).toEqual(["a.example", "b.example"]);
});

test("a look that fails is no look for the next", async () => {
  const host = new LocalHost();
  const directory = directoryWith("a.example");
  let broken = true;
  class Broken extends LocalHost {
    override list(path: string): Promise<readonly string[]> {
      return broken ? Promise.reject(new Error("no such device")) : host.list(path);
    }
  }
  const read = certificateReader(new Broken(), directory);
  await expect(read(Date.now())).rejects.toThrow("no such device");
  broken = false;
  expect(await read(Date.now())).toHaveLength(1);
});
